"""Files that people attach, from Discord's CDN and nowhere else."""


class DiscordCdn:
    """`Attachments` over HTTPS; `base_url` is the one place that files are fetched from."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url

    def fetch(self, address: str, most_bytes: int) -> bytes:
        """See Attachments."""
        raise NotImplementedError
