"""The record and its guards: the database itself refuses to rewrite or to delete an entry."""

from django.db import migrations, models

# The one change that is allowed: salt and event go, place and leaf stay.
SQLITE = (
    """CREATE TRIGGER audit_entry_is_kept BEFORE DELETE ON audit_entry
       BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END""",
    """CREATE TRIGGER audit_entry_is_final BEFORE UPDATE ON audit_entry
       WHEN NOT (NEW.seq IS OLD.seq AND NEW.leaf IS OLD.leaf
                 AND NEW.salt IS NULL AND NEW.event IS NULL)
       BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END""",
)
POSTGRESQL = (
    """CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION 'the record is append-only'; END $$""",
    """CREATE TRIGGER audit_entry_is_kept BEFORE DELETE ON audit_entry
       FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()""",
    """CREATE TRIGGER audit_entry_is_final BEFORE UPDATE ON audit_entry
       FOR EACH ROW WHEN (NOT (NEW.seq = OLD.seq AND NEW.leaf = OLD.leaf
                               AND NEW.salt IS NULL AND NEW.event IS NULL))
       EXECUTE FUNCTION audit_is_append_only()""",
)


def guard(apps, schema_editor):
    statements = SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL
    for statement in statements:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("seq", models.BigIntegerField(primary_key=True, serialize=False)),
                ("leaf", models.BinaryField(max_length=32)),
                ("salt", models.BinaryField(max_length=32, null=True)),
                ("event", models.BinaryField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Head",
            fields=[
                (
                    "only",
                    models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False),
                ),
                ("size", models.BigIntegerField(default=0)),
                ("frontier", models.BinaryField(default=b"")),
                ("root", models.BinaryField(max_length=32)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("only", 1)), name="audit_has_one_head"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Cosigned",
            fields=[
                ("witness", models.CharField(max_length=255, primary_key=True, serialize=False)),
                ("size", models.BigIntegerField()),
                ("note", models.BinaryField()),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Witnessed",
            fields=[
                ("origin", models.CharField(max_length=255, primary_key=True, serialize=False)),
                ("country", models.CharField(max_length=2)),
                ("size", models.BigIntegerField(default=0)),
                ("root", models.BinaryField(max_length=32)),
                ("signed_at", models.BigIntegerField(default=0)),
                ("note", models.BinaryField(default=b"")),
                ("seen_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Alarm",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("country", models.CharField(max_length=2)),
                ("kind", models.CharField(max_length=12)),
                ("said_by", models.CharField(max_length=255)),
                ("at", models.DateTimeField()),
                ("size", models.BigIntegerField(default=0)),
                ("note", models.BinaryField(default=b"")),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("country", "kind", "said_by"),
                        name="one_open_alarm_of_a_kind",
                    )
                ],
            },
        ),
        migrations.RunPython(guard, migrations.RunPython.noop),
    ]
