"""How grave a case is where a person said so."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Beside the previous release: the column has a default of the database's own."""

    dependencies = (("cases", "0004_claims"),)

    operations = (
        migrations.AddField(
            model_name="case", name="graded", field=models.CharField(blank=True, db_default="", default="", max_length=8)
        ),
    )
