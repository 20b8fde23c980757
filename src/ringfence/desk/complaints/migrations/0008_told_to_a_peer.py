"""A complaint says whether a report of it was made for a peer."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("complaints", "0007_rights")]

    operations = [
        migrations.AddField(model_name="complaint", name="told", field=models.BooleanField(default=False, db_default=False)),
    ]
