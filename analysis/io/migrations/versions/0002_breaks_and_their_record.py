"""Breaks and their record."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ADDED = ("told_s", "begun_s", "credited_s", "length_s", "action", "can_postpone", "can_skip")


def upgrade() -> None:
    op.add_column("prompts", sa.Column("told_s", sa.Double(), nullable=True))
    op.add_column("prompts", sa.Column("begun_s", sa.Double(), nullable=True))
    op.add_column("prompts", sa.Column("credited_s", sa.Double(), nullable=False, server_default="0"))
    op.add_column("prompts", sa.Column("length_s", sa.Double(), nullable=False, server_default="0"))
    op.add_column("prompts", sa.Column("action", sa.Text(), nullable=False, server_default=""))
    op.add_column("prompts", sa.Column("can_postpone", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("prompts", sa.Column("can_skip", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.create_table(
        "break_spans",
        sa.Column("run", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("start_s", sa.Double(), nullable=False),
        sa.Column("end_s", sa.Double(), nullable=True),
        sa.Column("why", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("clock_s", sa.Double(), nullable=False),
        sa.Column("rate", sa.Double(), nullable=False),
        sa.Column("interval_s", sa.Double(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name=op.f("fk_break_spans_run")),
        sa.PrimaryKeyConstraint("run", "start_s", name=op.f("pk_break_spans")),
    )
    op.create_table(
        "break_tallies",
        sa.Column("run", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name=op.f("fk_break_tallies_run")),
        sa.PrimaryKeyConstraint("run", "day", "kind", name=op.f("pk_break_tallies")),
    )
    op.create_table(
        "break_memories",
        sa.Column("run", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name=op.f("fk_break_memories_run")),
        sa.PrimaryKeyConstraint("run", name=op.f("pk_break_memories")),
    )


def downgrade() -> None:
    for table in ("break_memories", "break_tallies", "break_spans"):
        op.drop_table(table)
    with op.batch_alter_table("prompts") as prompts:
        for column in ADDED:
            prompts.drop_column(column)
