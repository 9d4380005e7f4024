"""Apache Kafka with secured listeners: SASL_SSL with SCRAM-SHA-512, and mutual TLS."""

from __future__ import annotations

from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from agents.embedded.probe import LOOPBACK, free_port
from tests.brokers.kafka import Kafka

_SETTINGS = """\

ssl.keystore.type=PEM
ssl.keystore.location={folder}/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location={folder}/ca.pem
listener.name.ssl.ssl.client.auth=required
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
"""


class SecuredKafka(Kafka):
    """One node that takes secured clients at `sasl_ssl` and `mutual_tls`, and everybody at `bootstrap`.

    Parameters
    ----------
    folder
        An empty one: for its settings, data and log, and for what a client needs (`ca`, `client`, `client_key`).
    """

    username = "vigie"
    password = "open-sesame-4711"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._listeners |= {"SASL_SSL": free_port(), "SSL": free_port()}
        self.ca, self.client, self.client_key = (folder / f"{name}.pem" for name in ("ca", "client", "client-key"))
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.ca)
        _write(authority.issue_cert(LOOPBACK), folder / "broker.pem", folder / "broker.pem")
        _write(authority.issue_cert("client.vigie.test"), self.client, self.client_key)

    @property
    def sasl_ssl(self) -> str:
        return self._address("SASL_SSL")

    @property
    def mutual_tls(self) -> str:
        return self._address("SSL")

    def _more_settings(self) -> str:
        return _SETTINGS.format(folder=self._folder)

    def _format_options(self) -> list[str]:
        return ["--add-scram", f"SCRAM-SHA-512=[name={self.username},password={self.password}]"]


def _write(leaf: trustme.LeafCert, cert: Path, key: Path) -> None:
    # Kafka reads PKCS #8 only.
    private = load_pem_private_key(leaf.private_key_pem.bytes(), None)
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with cert.open("ab") as file:
        for blob in leaf.cert_chain_pems:
            file.write(blob.bytes())
