"""What an edge's driver said when it placed an order."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Beside the previous release: the column has a default of the database's own."""

    dependencies = (("enforcement", "0002_order_parameters"),)

    operations = (
        migrations.AddField(
            model_name="placement",
            name="says",
            field=models.CharField(blank=True, db_default="", default="", max_length=200),
        ),
    )
