"""The record and its guards: the database itself refuses to rewrite or to delete an entry."""

from django.db import migrations, models

SQLITE = (
    """CREATE TRIGGER audit_entry_is_kept BEFORE DELETE ON audit_entry
       BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END""",
    """CREATE TRIGGER audit_entry_is_final BEFORE UPDATE ON audit_entry
       WHEN NEW.seq <> OLD.seq OR NEW.leaf <> OLD.leaf OR NEW.chain <> OLD.chain
         OR NEW.salt IS NOT NULL OR NEW.event IS NOT NULL
       BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END""",
)
POSTGRESQL = (
    """CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         IF TG_OP = 'UPDATE' AND NEW.seq = OLD.seq AND NEW.leaf = OLD.leaf
            AND NEW.chain = OLD.chain AND NEW.salt IS NULL AND NEW.event IS NULL THEN
           RETURN NEW;
         END IF;
         RAISE EXCEPTION 'the record is append-only';
       END $$""",
    """CREATE TRIGGER audit_entry_is_final BEFORE UPDATE OR DELETE ON audit_entry
       FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()""",
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
                ("chain", models.BinaryField(max_length=32)),
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
                ("seq", models.BigIntegerField(default=0)),
                ("chain", models.BinaryField(max_length=32)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("only", 1)), name="audit_has_one_head"
                    )
                ],
            },
        ),
        migrations.RunPython(guard, migrations.RunPython.noop),
    ]
