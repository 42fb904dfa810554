"""Every row, in the order of docs/security.md.

A new attack is a ``Row`` in the module of its section.
"""

from attack import (
    address_rows,
    audit_row,
    crowd_row,
    firewall_row,
    fuzz_rows,
    leak_row,
    nonce_rows,
    outbound_rows,
    page_rows,
    portal_rows,
    proxy_row,
    request_rows,
    reseal_row,
    role_rows,
    sealed_rows,
    tenant_rows,
    url_rows,
)
from attack.rows import Row

ROWS: tuple[Row, ...] = (
    *url_rows.ROWS,
    *address_rows.ROWS,
    *nonce_rows.ROWS,
    *request_rows.ROWS,
    *tenant_rows.ROWS,
    *role_rows.ROWS,
    *sealed_rows.ROWS,
    *reseal_row.ROWS,
    *leak_row.ROWS,
    *outbound_rows.ROWS,
    *crowd_row.ROWS,
    *page_rows.ROWS,
    *portal_rows.ROWS,
    *audit_row.ROWS,
    *fuzz_rows.ROWS,
    *proxy_row.ROWS,
    *firewall_row.ROWS,
)
