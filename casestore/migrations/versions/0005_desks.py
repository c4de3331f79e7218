"""Desks, queues and who serves them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No desk is made here: the first one is that of the settings, which are not known to a migration."""
    op.create_table(
        "desks",
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("queue", sa.String(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("desk", sa.JSON(), nullable=False),
    )
    op.create_table(
        "desk_numbers",
        sa.Column("number", sa.String(), primary_key=True),
        sa.Column("desk_key", sa.String(), sa.ForeignKey("desks.key"), nullable=False, index=True),
    )
    op.create_table(
        "memberships",
        sa.Column("agent", sa.String(), primary_key=True),
        sa.Column("queue", sa.String(), primary_key=True),
        sa.Column("penalty", sa.Integer(), nullable=False),
        sa.Column("managed_by", sa.String(), nullable=False),
    )
    op.add_column("articles", sa.Column("desk", sa.String(), nullable=False, server_default=""))
