"""The glossary as types: what the other packages speak in. Imports nothing of Ringfence."""
