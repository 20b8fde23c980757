"""A labelled carrier: thousands of parties, honest and abusive, and of every abuse who, how, which clause, from when on."""
