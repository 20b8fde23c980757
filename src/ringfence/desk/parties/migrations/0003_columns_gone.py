"""The columns whose links are rows now. After the rows were written: PostgreSQL alters no table that has checks waiting."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("parties", "0002_spans")]

    operations = [
        migrations.DeleteModel("Number"),
        *(migrations.RemoveField("Party", name) for name in ("parent",)),
        *(migrations.RemoveField("Account", name) for name in ("party", "plan", "valid_from", "valid_to")),
        *(migrations.RemoveField("Trunk", name) for name in ("account", "address", "user", "valid_from", "valid_to")),
    ]
