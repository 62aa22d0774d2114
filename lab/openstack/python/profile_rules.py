"""Default rules of security groups: Neutron's own template, and what the profile adds."""

_FIELDS = ("direction", "ether_type", "protocol", "port_range_min", "port_range_max", "remote_ip_prefix")


def key(rule):
    """What tells one added rule from another."""
    get = rule.get if isinstance(rule, dict) else lambda field: getattr(rule, field)
    return tuple(get(field) for field in _FIELDS)


def is_built_in(rule):
    """Neutron comes with egress for all, and ingress from the same group."""
    return rule.direction == "egress" or rule.remote_group_id == "PARENT"


def apply(admin, wanted):
    network = admin.network
    added = {key(rule): rule for rule in network.default_security_group_rules() if not is_built_in(rule)}
    names = {key(entry["rule"]) for entry in wanted["default_rules"]}
    for identity, rule in added.items():
        if identity not in names:
            network.delete_default_security_group_rule(rule)
            print("default rule removed:", identity)
    for entry in wanted["default_rules"]:
        if key(entry["rule"]) not in added:
            network.create_default_security_group_rule(
                **entry["rule"], used_in_default_sg=True, used_in_non_default_sg=True
            )
            print("default rule made:", entry["name"])
