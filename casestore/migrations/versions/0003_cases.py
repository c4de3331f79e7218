"""Cases live on their own: versions, their facts, erasable words, the outbox."""

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
