"""Names, capitals and amounts of a story apart."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Both empty for what an earlier release kept, and keeps while it runs beside."""

    dependencies: ClassVar = [("complaints", "0008_told_to_a_peer")]
    operations: ClassVar = [
        migrations.AddField("story", "capitals", models.BinaryField(default=b"", db_default=b"")),
        migrations.AddField("story", "amounts", models.BinaryField(default=b"", db_default=b"")),
    ]
