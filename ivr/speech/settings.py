"""What hearing needs to know of an installation: its share of the settings."""

from pathlib import Path

from pydantic import Field

from domain.paths import VarFolder


class SpeechSettings(VarFolder):
    """Which models hear, and how many processes."""

    models: Path | None = Field(None, description="folder of speech models; empty: models in the var folder")
    fetch_model: bool = Field(True, description="fetch the large English model where it can be reached")
    model_source: str = Field(
        "https://alphacephei.com/vosk/models", description="where `svarklar model add` fetches from"
    )
    decoders: int = Field(0, description="speech decoder processes; 0: one a core")
    streams_per_decoder: int = Field(0, description="most callers a decoder hears at once; 0: measured")

    @property
    def models_folder(self) -> Path:
        """Where added models are; it need not exist."""
        return (self.models or self.var / "models").absolute()
