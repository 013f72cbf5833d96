# What the testbed's Kubernetes starts from: an image to hold pods, certificates, a kubeconfig and settings.
# Sourced by script/cluster with $run, $data and the names and addresses set.
# shellcheck shell=bash disable=SC2154

fetch_busybox() {
    local new
    new=$(mktemp -d "$cache/busybox.XXXXXX")
    (cd "$new" && { apt-get download busybox-static || { apt update && apt-get download busybox-static; }; } >/dev/null 2>&1) ||
        fail "apt-get cannot download busybox-static."
    dpkg-deb --fsys-tarfile "$new"/*.deb | tar -x -C "$new" --strip-components=2 ./bin/busybox
    mv "$new/busybox" "$cache/busybox"
    rm -r "$new"
}

push_pause() { # what holds a pod's network: a busybox that sleeps
    local image=$registry/dagship/pause:1
    ! docker buildx imagetools inspect "$image" >/dev/null 2>&1 || return 0
    say "pushing $image"
    [ -e "$cache/busybox" ] || fetch_busybox
    tar --dereference -c -C "$cache" busybox | docker import --change 'ENTRYPOINT ["/busybox", "sleep", "2147483647"]' - "$image" >/dev/null
    docker push --quiet "$image" >/dev/null || fail "cannot push $image."
}

certificate() { # certificate NAME SUBJECT EXTENSION...: signed by the testbed's own authority
    local name=$1 subject=$2 extension extensions=(); shift 2
    for extension in "$@" subjectKeyIdentifier=hash authorityKeyIdentifier=keyid; do extensions+=(-addext "$extension"); done
    [ "$name" = ca ] || extensions+=(-CA "$run/pki/ca.pem" -CAkey "$run/pki/ca.key")
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj "$subject" "${extensions[@]}" \
        -config <(printf '[req]\ndistinguished_name = name\n[name]\n') -keyout "$run/pki/$name.key" -out "$run/pki/$name.pem" 2>/dev/null
}

write_identities() { # an authority, the servers' certificate, the API server's as a client of the kubelet, and an admin's token
    local token names="DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:localhost"
    (umask 077 && mkdir -p "$run/pki")
    certificate ca /CN=dagship-testbed basicConstraints=critical,CA:TRUE keyUsage=critical,keyCertSign
    certificate server /CN=kubernetes "subjectAltName=$names,IP:$gateway,IP:${services%.*}.1" extendedKeyUsage=serverAuth
    certificate client /O=system:masters/CN=kube-apiserver extendedKeyUsage=clientAuth
    openssl ecparam -name prime256v1 -genkey -noout -out "$run/pki/accounts.key"
    token=$(openssl rand -hex 16)
    echo "$token,admin,admin,system:masters" >"$run/pki/tokens.csv"
    (umask 077 && cat >"$kubeconfig") <<JSON
{"apiVersion": "v1", "kind": "Config", "current-context": "$node",
 "clusters": [{"name": "$node", "cluster": {"server": "https://$gateway:6443",
   "certificate-authority-data": "$(base64 -w 0 "$run/pki/ca.pem")"}}],
 "users": [{"name": "$node", "user": {"token": "$token"}}],
 "contexts": [{"name": "$node", "context": {"cluster": "$node", "user": "$node"}}]}
JSON
}

write_settings() {
    cat >"$run/containerd.toml" <<TOML
version = 2
root = "$data/containerd"
state = "$run/containerd"
[grpc]
address = "$run/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
path = "$data/opt"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "$registry/dagship/pause:1"
netns_mounts_under_state_dir = true
restrict_oom_score_adj = true # a root without CAP_SYS_RESOURCE starts no pod otherwise
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "$run/cni"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
Root = "$run/runc"
TOML
    mkdir -p "$run/cni" "$run/names"
    cat >"$run/cni/bridge.conflist" <<JSON
{"cniVersion": "0.4.0", "name": "dagship", "plugins": [{"type": "bridge", "bridge": "$bridge", "isGateway": true, "hairpinMode": true,
 "ipam": {"type": "host-local", "dataDir": "$data/addresses", "ranges": [[{"subnet": "$pods", "gateway": "$gateway"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}
JSON
    cat >"$run/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $gateway
authentication: {anonymous: {enabled: false}, webhook: {enabled: false}, x509: {clientCAFile: $run/pki/ca.pem}}
authorization: {mode: AlwaysAllow} # to whom the authority has signed a certificate: the API server
tlsCertFile: $run/pki/server.pem
tlsPrivateKeyFile: $run/pki/server.key
cgroupDriver: cgroupfs
cgroupRoot: /$cgroup
clusterDNS: [$gateway]
clusterDomain: cluster.local
resolvConf: ""
volumePluginDir: $data/volume-plugins
featureGates: {DevicePlugins: false, KubeletPodResources: false} # their sockets have places of their own
failSwapOn: false
# Somebody's disk may be full, and that is not what is tested.
evictionHard: {memory.available: 50Mi, nodefs.available: 1%, nodefs.inodesFree: 1%, imagefs.available: 1%}
imageGCHighThresholdPercent: 100
nodeStatusUpdateFrequency: 2s
serializeImagePulls: false
registryPullQPS: 0
eventRecordQPS: 100 # 0 would be the 5 of its client library
eventBurst: 1000
kubeAPIQPS: 50
kubeAPIBurst: 100
containerLogMaxSize: 200Mi # who follows a log hears no more of it once another is begun
YAML
}
