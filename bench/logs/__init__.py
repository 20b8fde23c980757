"""How fast `ringfence scan` judges Asterisk's security log, beside CrowdSec with its own scenarios for it."""
