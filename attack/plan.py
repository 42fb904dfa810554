"""Every row, in the order of docs/security.md.

A new attack is a ``Row`` in the module of its section. Section 6 gets its rows with the pages themselves.
"""

from attack import address_rows, nonce_rows, request_rows, role_rows, tenant_rows, url_rows
from attack.rows import Row

ROWS: tuple[Row, ...] = (
    *url_rows.ROWS,
    *address_rows.ROWS,
    *nonce_rows.ROWS,
    *request_rows.ROWS,
    *tenant_rows.ROWS,
    *role_rows.ROWS,
)
