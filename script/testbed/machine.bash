# What the testbed's Kubernetes needs of this machine, and how it is given back: sourced by script/cluster with $run,
# $data, $bridge, $gateway, $pods and $services set.
# shellcheck shell=bash disable=SC2154

cgroup=dagship
# What the kubelet, kube-proxy and the bridge turn and leave turned.
turned=(/proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/all/route_localnet /proc/sys/net/bridge/bridge-nf-call-iptables
    /proc/sys/vm/overcommit_memory /proc/sys/vm/panic_on_oom /proc/sys/kernel/panic /proc/sys/kernel/panic_on_oops
    /proc/sys/kernel/keys/root_maxkeys /proc/sys/kernel/keys/root_maxbytes)
# What they write to outside of the directories they are given.
strewn=(/var/log/pods /var/log/containers /var/lib/cni /var/lib/kubelet)

refuse_other_clusters() { # its rules and its addresses could not be told from ours
    local taken instead="Name it in DAGSHIP_TEST_KUBECONFIG, or use another machine."
    ! iptables-save -t nat 2>/dev/null | grep -q '^:KUBE-SERVICES' || fail "another Kubernetes runs on this machine. $instead"
    taken=$(ip route show root "$pods"; ip route show root "$services")
    [ -z "$taken" ] || fail "the testbed's addresses ($pods, $services) are taken: $(head -n 1 <<<"$taken"). $instead"
}

note_machine() { # how things are before the first start; a crash later must not overwrite that
    local file
    for file in "${turned[@]}"; do [ ! -e "$file" ] || printf '%s %s\n' "$file" "$(cat "$file")"; done >"$run/before.new"
    for file in "${strewn[@]}"; do [ -e "$file" ] || printf '%s absent\n' "$file"; done >>"$run/before.new"
    mv "$run/before.new" "$run/before"
}

keep_what_changed() { # forget the switches that somebody else had turned already: they are not ours to turn back
    local file value
    while read -r file value; do
        [ "$value" = absent ] || [ "$value" != "$(cat "$file")" ] || continue
        printf '%s %s\n' "$file" "$value"
    done <"$run/before" >"$run/before.new"
    mv "$run/before.new" "$run/before"
}

cgroup_hierarchies() { awk '$3 ~ /^cgroup2?$/ {print $2}' /proc/mounts; }

lay_network() { # a bridge for the pods; whatever goes to a Service stays on this machine, and so do the pods
    local chain=DAGSHIP-FORWARD
    ip link add "$bridge" type bridge
    ip address add "$gateway/${pods#*/}" dev "$bridge"
    ip link set "$bridge" up
    ip route add "$services" dev "$bridge"
    echo 1 >/proc/sys/net/ipv4/ip_forward
    [ -e /proc/sys/net/bridge ] || modprobe br_netfilter || fail "the kernel has no br_netfilter, which Services need."
    # Before the rules of an engine, which drops what it does not know.
    iptables-restore --noflush <<RULES
*filter
:$chain - [0:0]
-A $chain -i $bridge -o $bridge -j ACCEPT
-A $chain -i $bridge -j REJECT
-A $chain -o $bridge -j REJECT
-I FORWARD -j $chain
COMMIT
RULES
}

make_cgroups() {
    local hierarchy controller controllers
    for hierarchy in $(cgroup_hierarchies); do
        mkdir -p "$hierarchy/$cgroup"
        # Where the older hierarchies are mounted as well, the kubelet uses those.
        [ "$hierarchy" = /sys/fs/cgroup ] || continue
        read -ra controllers 2>/dev/null <"$hierarchy/cgroup.controllers" || continue
        for controller in "${controllers[@]}"; do # the kubelet wants all of them below the root
            grep -qw "$controller" "$hierarchy/cgroup.subtree_control" && continue
            echo "$hierarchy/cgroup.subtree_control -$controller" >>"$run/before"
            echo "+$controller" >"$hierarchy/cgroup.subtree_control"
        done
    done
}

pod_processes() { # what runs in our cgroups, whoever started it
    local hierarchy
    for hierarchy in $(cgroup_hierarchies); do
        [ ! -d "$hierarchy/$cgroup" ] || find "$hierarchy/$cgroup" -name cgroup.procs -exec cat {} + 2>/dev/null
    done | awk '$1 > 0' | sort -un # 0 stands for those of another namespace
}

shims() { # containerd's helpers, one for each pod, outlive it
    local process
    { grep -lsaF "$run/containerd.sock" /proc/[0-9]*/cmdline || true; } | while read -r process; do
        case $(tr '\0' ' ' 2>/dev/null <"$process") in *containerd-shim*) basename "${process%/cmdline}" ;; esac
    done
}

end_pods() { # at once: what they hold is thrown away
    local list pids address
    for list in pod_processes shims; do
        for _ in $(seq 100); do
            pids=$($list)
            [ -n "$pids" ] || break
            # shellcheck disable=SC2086  # one argument each
            kill -KILL $pids 2>/dev/null || true
            sleep 0.1
        done
        [ -z "$pids" ] || fail "the processes of pods do not end: $(tr '\n' ' ' <<<"$pids")"
    done
    for address in "$run"/containerd/io.containerd.runtime.v2.task/*/*/address; do
        [ ! -e "$address" ] || rm -f "$(sed 's|^unix://||' "$address")"
    done
    rmdir /run/containerd/s 2>/dev/null || true # an engine's helpers may have theirs there
}

take_back_rules() { # takes out exactly what names one of our chains, and leaves other rules and their counters alone
    local family
    for family in iptables ip6tables; do
        "$family-save" 2>/dev/null | awk '
            /^\*/ {print; chains = ""}
            /^:(KUBE|DAGSHIP)-/ {chain = substr($1, 2); print "-F " chain; chains = chains "-X " chain "\n"}
            /^-A / && $2 !~ /^(KUBE|DAGSHIP)-/ && / -j (KUBE|DAGSHIP)-/ {sub("-A", "-D"); print}
            /^COMMIT/ {printf "%s", chains; print}' | "$family-restore" --noflush
    done
}

take_back_network() {
    local device
    take_back_rules
    for device in $(ip -o link show master "$bridge" 2>/dev/null | sed 's/^[0-9]*: \([^@:]*\).*/\1/') "$bridge"; do
        ip link delete "$device" 2>/dev/null || true # its end in a pod may have gone with the pod
    done
}

give_back_machine() {
    local file value hierarchy
    for file in "$run" "$data"; do
        unmount_below "$file"
        # Deleting through a mount would delete what is not ours.
        [ -z "$(mounts_below "$file")" ] || fail "$(mounts_below "$file" | head -n 1) cannot be unmounted."
    done
    for hierarchy in $(cgroup_hierarchies); do
        [ ! -d "$hierarchy/$cgroup" ] || find "$hierarchy/$cgroup" -depth -type d -exec rmdir {} +
    done
    take_back_network
    for file in /var/lib/cni/results/dagship-*-eth0; do # of pods that were not deleted one by one
        value=${file##*/dagship-}
        rm -f "$file" "${file%/*}/cni-loopback-${value%-eth0}-lo"
    done
    while read -r file value; do
        if [ "$value" = absent ]; then rm -rf "$file"; else echo "$value" >"$file"; fi
    done <"$run/before"
    rm -rf "$data"
}
