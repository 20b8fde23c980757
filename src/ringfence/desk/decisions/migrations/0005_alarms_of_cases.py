"""An alarm may be about a case, and is then for those in whose queues the case is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("decisions", "0004_citations")]

    operations = [
        migrations.AddField(model_name="alarm", name="case", field=models.BigIntegerField(null=True)),
    ]
