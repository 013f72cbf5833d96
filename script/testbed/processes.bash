# What runs: etcd, containerd and Kubernetes' own programs. Sourced by script/cluster after its fellows.
# shellcheck shell=bash disable=SC2154

start_api() {
    launch kube-apiserver "$programs/kube-apiserver" --bind-address="$gateway" --advertise-address="$gateway" --insecure-port=0 \
        --etcd-servers="$etcd_client" --service-cluster-ip-range="$services" --allow-privileged \
        --authorization-mode=RBAC --token-auth-file="$run/pki/tokens.csv" --client-ca-file="$run/pki/ca.pem" \
        --tls-cert-file="$run/pki/server.pem" --tls-private-key-file="$run/pki/server.key" \
        --service-account-issuer=https://kubernetes.default.svc --service-account-key-file="$run/pki/accounts.key" \
        --service-account-signing-key-file="$run/pki/accounts.key" --kubelet-preferred-address-types=InternalIP \
        --kubelet-certificate-authority="$run/pki/ca.pem" --kubelet-client-certificate="$run/pki/client.pem" \
        --kubelet-client-key="$run/pki/client.key"
    wait_for 60 kube-apiserver api_answers
}

start_node() {
    local rate=(--kube-api-qps=50 --kube-api-burst=100)
    # One of each, and one node: nobody to elect, and an API server that went away does not make the node a lost one.
    launch kube-controller-manager "$programs/kube-controller-manager" --kubeconfig="$kubeconfig" --leader-elect=false --port=0 --secure-port=0 \
        --node-monitor-grace-period=10m --flex-volume-plugin-dir="$data/volume-plugins" "${rate[@]}" \
        --service-account-private-key-file="$run/pki/accounts.key" --root-ca-file="$run/pki/ca.pem"
    launch kube-scheduler "$programs/kube-scheduler" --kubeconfig="$kubeconfig" --leader-elect=false --port=0 --secure-port=0 "${rate[@]}"
    # It clears away every second (script/kubernetes), and counts a container that is made and not yet started among the
    # dead ones: with one of those to keep, the last run and its log would be gone before the next has begun.
    launch kubelet "$programs/kubelet" --config="$run/kubelet.yaml" --kubeconfig="$kubeconfig" --root-dir="$data/kubelet" \
        --hostname-override="$node" --node-ip="$gateway" --oom-score-adj=0 --maximum-dead-containers-per-container=2 \
        --container-runtime=remote --container-runtime-endpoint="unix://$run/containerd.sock"
    launch kube-proxy "$programs/kube-proxy" --kubeconfig="$kubeconfig" --hostname-override="$node" --proxy-mode=iptables --cluster-cidr="$pods" \
        --oom-score-adj=0 --conntrack-max-per-core=0 --conntrack-tcp-timeout-established=0 --conntrack-tcp-timeout-close-wait=0 \
        --healthz-bind-address=127.0.0.1:10256
    launch names python3 "$root/script/testbed/names.py" "$kubeconfig" "$run/names"
    launch dnsmasq dnsmasq --keep-in-foreground --conf-file=/dev/null --pid-file= --user=root --log-facility=- --no-hosts --no-resolv \
        --listen-address="$gateway" --bind-interfaces --address=/#/ --hostsdir="$run/names"
    wait_for 30 names test -s "$run/names/services.default.kubernetes"
    wait_for 30 kube-controller-manager accounts_have_tokens
    wait_for 60 kubelet node_is_ready
    wait_for 30 kube-proxy connects "${services%.*}.1" 443
}

start() {
    unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY # for nothing of this is beyond the machine
    refuse_other_clusters
    note_machine
    lay_network
    make_cgroups
    mkdir -p "$data"
    ln -s "$data" "$run/data"
    write_identities
    write_settings
    launch containerd containerd --config "$run/containerd.toml"
    launch etcd etcd --data-dir "$run/data/etcd" --unsafe-no-fsync --logger zap --log-level warn \
        --listen-client-urls "$etcd_client" --advertise-client-urls "$etcd_client" --listen-peer-urls "$etcd_peer"
    wait_for 30 etcd connects 127.0.0.1 "${etcd_client##*:}"
    start_api
    wait_for 30 containerd test -S "$run/containerd.sock"
    start_node
    keep_what_changed
}
