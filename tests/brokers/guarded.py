"""Apache Kafka that asks for rights, and gives those of deploy/kubernetes/base/users.yaml."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from aiokafka.protocol.admin import CreateAclsRequest

from agents.settings import Settings, load_settings
from agents.topics import admin_client
from tests.brokers.secured import SecuredKafka
from tests.deploy.files import KUBERNETES, documents

USERS: dict[str, list[dict[str, Any]]] = {
    user["metadata"]["name"]: user["spec"]["authorization"]["acls"]
    for user in documents(KUBERNETES / "base" / "users.yaml")
}
"""Who may do what, as the manifests say it: a role's user and its rights."""
STRANGER = "somebody"
"""Can log in, and has no right at all."""

# The numbers of Kafka's protocol.
KINDS = {"topic": 2, "group": 3, "cluster": 4}
OPERATIONS = {"Read": 3, "Write": 4, "Describe": 8, "DescribeConfigs": 10}
LITERAL, ALLOW = 3, 3


class GuardedKafka(SecuredKafka):
    """Asks for rights at its secured listeners; at `bootstrap`, where nobody has a name, everything is allowed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, users=(*USERS, STRANGER))

    def start(self) -> None:
        first = not self._settings.exists()
        super().start()
        if first:
            asyncio.run(_grant(load_settings(brokers=self.bootstrap)))

    def _more_settings(self) -> str:
        return super()._more_settings() + (
            "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n"
            "super.users=User:ANONYMOUS\n"
        )


async def _grant(settings: Settings) -> None:
    """Do what Strimzi's user operator does."""
    async with admin_client(settings) as admin:
        for user, acls in USERS.items():
            for acl in acls:
                resource = acl["resource"]
                for operation in acl["operations"]:
                    request = CreateAclsRequest(
                        KINDS[resource["type"]],
                        resource["name"],
                        LITERAL,
                        f"User:{user}",
                        "*",
                        OPERATIONS[operation],
                        ALLOW,
                    )
                    answer = await admin._send_request(request)
                    assert all(code == 0 for code, *_ in answer.creation_responses), answer
