"""What a worker can be told: the settings, the secrets and certificates they name, and the page that lists them."""

from agents.settings.model import CONFIG_VARIABLE, GROUPS, Settings, SettingsError, load_settings

__all__ = ["CONFIG_VARIABLE", "GROUPS", "Settings", "SettingsError", "load_settings"]
