"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "sessions",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("wearer", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("started_at", sa.Double(), nullable=False),
        sa.Column("last_s", sa.Double(), nullable=True),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sessions")),
        sa.UniqueConstraint("id", name=op.f("uq_sessions_id")),
    )
    op.create_index(op.f("ix_sessions_wearer_started_at"), "sessions", ["wearer", "started_at"])

    op.create_table(
        "statuses",
        sa.Column("wearer", sa.String(length=64), nullable=False),
        sa.Column("part", sa.String(length=16), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("wearer", "part", name=op.f("pk_statuses")),
    )
    op.create_table(
        "journal",
        sa.Column("arrival", LONG, nullable=False),
        sa.Column("session", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("segment", sa.String(length=16), nullable=True),
        sa.Column("seq", sa.Integer(), nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["session"], ["sessions.key"], name=op.f("fk_journal_session")),
        sa.PrimaryKeyConstraint("arrival", name=op.f("pk_journal")),
        sa.UniqueConstraint("session", "segment", "seq", name=op.f("uq_journal_session_segment_seq")),
    )
    op.create_index(op.f("ix_journal_session_arrival"), "journal", ["session", "arrival"])

    op.create_table(
        "runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["session"], ["sessions.key"], name=op.f("fk_runs_session")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_index(op.f("ix_runs_session"), "runs", ["session"])

    op.create_table(
        "streams",
        sa.Column("session", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("segment", sa.String(length=16), nullable=False),
        sa.Column("next_seq", sa.Integer(), nullable=False),
        sa.Column("samples", LONG, nullable=False),
        sa.Column("lost", LONG, nullable=False),
        sa.ForeignKeyConstraint(["session"], ["sessions.key"], name=op.f("fk_streams_session")),
        sa.PrimaryKeyConstraint("session", "segment", name=op.f("pk_streams")),
    )
    op.create_table(
        "calibrations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("segment", sa.String(length=16), nullable=False),
        sa.Column("sensor_id", sa.String(length=128), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name=op.f("fk_calibrations_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibrations")),
    )
    op.create_index(op.f("ix_calibrations_run"), "calibrations", ["run"])
    op.create_index(op.f("ix_calibrations_sensor_id_segment"), "calibrations", ["sensor_id", "segment"])

    op.create_table(
        "deliveries",
        sa.Column("run", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("prompt_id", sa.String(length=64), nullable=False),
        sa.Column("notifier", sa.String(length=32), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("delivered", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name=op.f("fk_deliveries_run")),
        sa.PrimaryKeyConstraint("run", "prompt_id", "notifier", name=op.f("pk_deliveries")),
    )
    op.create_table(
        "events",
        sa.Column("run", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("start_s", sa.Double(), nullable=False),
        sa.Column("end_s", sa.Double(), nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name=op.f("fk_events_run")),
        sa.PrimaryKeyConstraint("run", "kind", "start_s", name=op.f("pk_events")),
    )
    op.create_table(
        "frames",
        sa.Column("run", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("chunk", sa.Integer(), nullable=False),
        sa.Column("t0", sa.Double(), nullable=False),
        sa.Column("t1", sa.Double(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name=op.f("fk_frames_run")),
        sa.PrimaryKeyConstraint("run", "chunk", name=op.f("pk_frames")),
    )
    op.create_table(
        "minute_activity",
        sa.Column("run", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("minute", sa.Integer(), nullable=False),
        sa.Column("activity", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name=op.f("fk_minute_activity_run")),
        sa.PrimaryKeyConstraint("run", "minute", "activity", name=op.f("pk_minute_activity")),
    )
    op.create_table(
        "minutes",
        sa.Column("run", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("minute", sa.Integer(), nullable=False),
        sa.Column("metric", sa.String(length=64), nullable=False),
        sa.Column("mean", sa.Double(), nullable=False),
        sa.Column("low", sa.Double(), nullable=False),
        sa.Column("high", sa.Double(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name=op.f("fk_minutes_run")),
        sa.PrimaryKeyConstraint("run", "minute", "metric", name=op.f("pk_minutes")),
    )
    op.create_table(
        "prompts",
        sa.Column("run", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("prompt_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("due_s", sa.Double(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("closed_s", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name=op.f("fk_prompts_run")),
        sa.PrimaryKeyConstraint("run", "prompt_id", name=op.f("pk_prompts")),
    )


def downgrade() -> None:
    op.drop_table("prompts")
    op.drop_table("minutes")
    op.drop_table("minute_activity")
    op.drop_table("frames")
    op.drop_table("events")
    op.drop_table("deliveries")
    op.drop_index(op.f("ix_calibrations_sensor_id_segment"), "calibrations")
    op.drop_index(op.f("ix_calibrations_run"), "calibrations")

    op.drop_table("calibrations")
    op.drop_table("streams")
    op.drop_index(op.f("ix_runs_session"), "runs")

    op.drop_table("runs")
    op.drop_index(op.f("ix_journal_session_arrival"), "journal")

    op.drop_table("journal")
    op.drop_table("statuses")
    op.drop_index(op.f("ix_sessions_wearer_started_at"), "sessions")

    op.drop_table("sessions")
