"""How soon and how often the gate answers, beside a Kamailio that looks up its own table and a responder that looks up nothing."""
