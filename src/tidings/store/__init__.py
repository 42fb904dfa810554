"""What Tidings remembers: tables, statements by noun, group commit, migrations, and the vault for secrets."""
