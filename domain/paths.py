"""Where everything lies in the var folder: the one place that knows."""

from pathlib import Path

from pydantic import BaseModel, Field


class VarFolder(BaseModel):
    """The folder of everything that is made or kept at run time, and each thing's place in it."""

    var: Path = Field(Path("var"), description="folder for everything that is made or kept at run time")

    @property
    def database_file(self) -> Path:
        """Cases, calls, contacts and facts, where no other database is named."""
        return self.var / "svarklar.db"

    @property
    def outbox_file(self) -> Path:
        """What is to be done with cases and the database would not take yet."""
        return self.var / "outbox.db"

    @property
    def unsaved_cases_file(self) -> Path:
        """The same as the version before has left it; taken in at start."""
        return self.var / "unsaved-cases.jsonl"

    @property
    def secrets_file(self) -> Path:
        """Readable by its owner alone."""
        return self.var / "secrets.json"

    @property
    def lock_file(self) -> Path:
        """Locked by the one program that runs on this folder; says which."""
        return self.var / "lock"

    @property
    def recordings_folder(self) -> Path:
        """The callers' own voices."""
        return self.var / "recordings"

    @property
    def prompts_folder(self) -> Path:
        """What is said to callers, spoken once."""
        return self.var / "prompts"

    @property
    def asterisk_folder(self) -> Path:
        """Where Asterisk is unpacked on a system that has none."""
        return self.var / "asterisk"

    @property
    def asterisk_run_folder(self) -> Path:
        """Asterisk's configuration, log and sockets; absolute, for Asterisk is told of it."""
        return self.var.absolute() / "asterisk-run"

    @property
    def timeline_file(self) -> Path:
        """The last demo call, step by step."""
        return self.var / "demo" / "timeline.json"
