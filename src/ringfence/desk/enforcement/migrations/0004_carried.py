"""What the mirror showed as carried though an order refuses it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Beside the previous release: the counter has a default of the database's own, the time may be absent."""

    dependencies = (("enforcement", "0003_said_at_edges"),)

    operations = (
        migrations.AddField(model_name="placement", name="carried", field=models.PositiveBigIntegerField(db_default=0, default=0)),
        migrations.AddField(model_name="placement", name="last_carried", field=models.DateTimeField(null=True)),
    )
