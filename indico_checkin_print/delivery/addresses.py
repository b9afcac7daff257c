"""Which IP addresses a webhook may go to.

Event managers choose the URLs, Indico's server opens the connections, and from where it stands it can reach much that
a manager cannot: its own services, the network around it, the metadata service of the cloud it runs in. So only
addresses of the public internet are open to everybody; for the rest an administrator lists networks.

Pure. The table follows IANA's special-purpose address registries (RFC 6890 and its updates). It is written out instead
of asking ``ipaddress`` (``is_global``) because the answers of that module changed between releases of Python, and
because "not allowed" must come with a reason that helps; ``is_global`` is still asked last.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network


Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

#: Services that give credentials or configuration to any client inside a cloud. No list of the
#: administrator opens them: who allows ``169.254.0.0/16`` or ``0.0.0.0/0`` hardly means these.
METADATA_ADDRESSES = frozenset({
    IPv4Address('169.254.169.254'),   # AWS, Azure, GCP, OpenStack and most others
    IPv4Address('169.254.170.2'),     # AWS ECS
    IPv4Address('169.254.170.23'),    # AWS EKS
    IPv4Address('168.63.129.16'),     # Azure's WireServer, a public address by the look of it
    IPv4Address('100.100.100.200'),   # Alibaba Cloud
    IPv4Address('192.0.0.192'),       # Oracle Cloud
    IPv6Address('fd00:ec2::254'),     # AWS
    IPv6Address('fd00:ec2::23'),      # AWS EKS
    IPv6Address('fd20:ce::254'),      # GCP
    IPv6Address('fd00:c1::a9fe:a9fe'),  # Oracle Cloud
})

# The first match counts, so what lies inside another network comes before it.
_special = [(ip_network(network), reason) for network, reason in (
    ('0.0.0.0/8', 'unspecified'),
    ('127.0.0.0/8', 'loopback'),
    ('169.254.0.0/16', 'link_local'),
    ('10.0.0.0/8', 'private'),
    ('172.16.0.0/12', 'private'),
    ('192.168.0.0/16', 'private'),
    ('100.64.0.0/10', 'cgnat'),           # RFC 6598
    ('192.0.2.0/24', 'documentation'),    # RFC 5737
    ('198.51.100.0/24', 'documentation'),
    ('203.0.113.0/24', 'documentation'),
    ('192.88.99.0/24', 'embedded'),       # relays of 6to4, RFC 7526
    ('192.0.0.0/24', 'reserved'),         # RFC 6890
    ('192.52.193.0/24', 'reserved'),      # AMT, RFC 7450
    ('198.18.0.0/15', 'reserved'),        # benchmarks, RFC 2544
    ('224.0.0.0/4', 'multicast'),
    ('240.0.0.0/4', 'reserved'),          # with the broadcast address
    ('::/128', 'unspecified'),
    ('::1/128', 'loopback'),
    # An IPv4 address inside an IPv6 address reaches the former by a detour. No receiver needs it.
    ('::/96', 'embedded'),                # IPv4-compatible, RFC 4291
    ('::ffff:0:0/96', 'embedded'),        # IPv4-mapped
    ('::ffff:0:0:0/96', 'embedded'),      # IPv4-translated, RFC 7915
    ('64:ff9b::/96', 'embedded'),         # NAT64, RFC 6052
    ('64:ff9b:1::/48', 'embedded'),       # NAT64 of one's own, RFC 8215
    ('2001::/32', 'embedded'),            # Teredo, RFC 4380
    ('2002::/16', 'embedded'),            # 6to4, RFC 3056
    ('2001:db8::/32', 'documentation'),   # RFC 3849
    ('3fff::/20', 'documentation'),       # RFC 9637
    ('2001::/23', 'reserved'),            # protocol assignments: ORCHID, benchmarks and others
    ('100::/64', 'reserved'),             # discard, RFC 6666
    ('5f00::/16', 'reserved'),            # segment routing, RFC 9602
    ('fc00::/7', 'private'),
    ('fec0::/10', 'private'),             # site-local, RFC 3879
    ('fe80::/10', 'link_local'),
    ('ff00::/8', 'multicast'),
)]
_never = frozenset({'unspecified', 'multicast'})
_global_unicast = ip_network('2000::/3')
# Networks whose addresses end with an IPv4 address, besides those that ``ipaddress`` knows.
_carriers = tuple(ip_network(network) for network in ('64:ff9b::/96', '::ffff:0:0:0/96', '::/96'))
_local_nat64 = ip_network('64:ff9b:1::/48')
# An interface identifier of ISATAP (RFC 5214, 6.1) says so whatever the prefix; its bits for "universal" and "group"
# may be set or not.
_isatap, _isatap_mask = 0x00005efe, 0xfcffffff


def judge_address(address, allowed=()):
    """Return why a webhook must not go to ``address``, or ``None`` if it may.

    :param address: an ``IPv4Address`` or ``IPv6Address``
    :param allowed: networks that the administrator opened (see `settings.parse_networks`)
    :return: ``metadata``, ``unspecified``, ``loopback``, ``link_local``, ``private``, ``cgnat``, ``documentation``,
             ``embedded`` (IPv4 inside IPv6), ``reserved``, ``multicast`` or ``None``
    """
    inner = _embedded(address)
    if address in METADATA_ADDRESSES or inner in METADATA_ADDRESSES:
        return 'metadata'
    reason = next((reason for network, reason in _special if address in network), None)
    if reason is None and _is_isatap(address):
        reason = 'embedded'
    if reason in _never:
        return reason
    if is_allowed(address, allowed):
        # A list that opens a way to carry IPv4 (64:ff9b::/96 where the server has no IPv4 of its own) opens no more
        # than that: what is carried is judged like any other address.
        return judge_address(inner, allowed) if inner is not None else None
    if reason is not None:
        return reason
    if not address.is_global or (address.version == 6 and address not in _global_unicast):
        return 'reserved'
    return None


def is_allowed(address, allowed):
    """Return whether ``address`` is in one of the administrator's networks."""
    return any(address in network for network in allowed)


def _embedded(address):
    """Return the IPv4 address that an IPv6 address carries, if it is one of the kinds that do."""
    if address.version == 4:
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _local_nat64:
        return _translated(int(address))
    # ::1 is no carrier
    if _is_isatap(address) or (any(address in network for network in _carriers) and int(address) > 0xffff):
        return IPv4Address(int(address) & 0xffffffff)
    return None


def _is_isatap(address):
    return address.version == 6 and (int(address) >> 32) & _isatap_mask == _isatap


def _translated(number):
    """Return the IPv4 address in an IPv6 address of a translator: one of several forms (RFC 6052, 2.2).

    Behind all but the longest prefix the bits from 64 to 71 and those after the IPv4 address are zero.
    """
    for length in (48, 56, 64):
        before = 64 - length
        after = 32 - before
        low = number & (2 ** 64 - 1)
        first = number >> 64 & (2 ** before - 1)
        second = low >> (56 - after) & (2 ** after - 1)
        inner = first << after | second
        if inner and not low >> 56 and not low & (2 ** (56 - after) - 1):
            return IPv4Address(inner)
    return IPv4Address(number & 0xffffffff)
