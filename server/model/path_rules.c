/* The one table of path diagnosis: from an observation to hop, owner, words and command.
 * First match wins, so the order is part of the meaning: ourselves, then what breaks the
 * way for users hop by hop, then what users do not notice. Holds no code. */
#include "path_internal.h"

#define ONE(code) REASON_BIT(code)
#define AT(hop) HOP_BIT(hop)

#define NAME_REASONS (ONE(DNS_NXDOMAIN) | ONE(DNS_TIMEOUT) | ONE(DNS_NO_ADDRESS))
#define CLOSED_REASONS (ONE(CONNECT_REFUSED) | ONE(PEER_CLOSED))
#define CONNECT_REASONS (CLOSED_REASONS | ONE(CONNECT_TIMEOUT))
#define OTHERS_ANSWER                                                                    \
    (ONE(IDENTITY_MISMATCH) | ONE(BODY_MISMATCH) | ONE(HTTP_STATUS) | ONE(GW_REDIRECT) | \
     ONE(GW_DENIED) | ONE(GW_NO_ROUTE))

/* clang-format off */

/* Commands. What is in braces is replaced where it is a name known to path_text.c. */
#define OUR_LOAD "kubectl top pod -A --containers --field-selector metadata.name={instance}"
#define OUR_EVENTS "kubectl get events -A --field-selector involvedObject.name={instance}"
#define OUR_CHECK "curl -s http://127.0.0.1:{detail_port}/checks/{check}"
#define OUR_VOLUMES "kubectl get pod -A --field-selector metadata.name={instance} " \
    "-o jsonpath='{.items[*].spec.volumes}{\"\\n\"}'"
#define POLICIES "kubectl get networkpolicies -A"
#define NAME_SERVERS "kubectl -n kube-system get pods,endpointslices -l k8s-app=kube-dns -o wide"
#define SERVICES "kubectl get services -A -o custom-columns=" \
    "'NAMESPACE:.metadata.namespace,NAME:.metadata.name,IP:.spec.clusterIP'"
#define GW_SERVICE "kubectl -n {gw_ns} get service {gw_svc} -o wide"
#define GW_PODS "kubectl -n {gw_ns} get pods -l gateway.networking.k8s.io/gateway-name={gw} -o wide"
#define GW_HEADLESS "kubectl -n {pods_ns} get service,endpointslices -o wide"
#define GW_LOGS "kubectl -n {gw_ns} logs -l gateway.networking.k8s.io/gateway-name={gw} " \
    "-c istio-proxy --tail=50 --prefix"
#define GW_LISTENERS "kubectl -n {gw_ns} get gateway {gw} -o jsonpath=" \
    "'{range .status.listeners[*]}{.name}{range .conditions[*]}{\"  \"}{.type}={.status} {.reason}" \
    "{end}{\"\\n\"}{end}'"
#define GW_ALLOWED "kubectl -n {gw_ns} get gateway {gw} -o jsonpath=" \
    "'{range .spec.listeners[*]}{.name}{\"  \"}{.hostname}{\"  \"}{.allowedRoutes.namespaces}" \
    "{\"\\n\"}{end}'"
#define GW_CERTIFICATE(what) "kubectl -n {gw_ns} get secret \"$(kubectl -n {gw_ns} get gateway {gw} " \
    "-o jsonpath='{.spec.listeners[*].tls.certificateRefs[0].name}' | cut -d' ' -f1)\" " \
    "-o jsonpath='{.data.tls\\.crt}' | base64 -d | openssl " what
#define GW_CHAIN GW_CERTIFICATE("storeutl -noout -text -certs /dev/stdin") \
    " | grep -E 'Issuer:|Subject:|CA:'"
#define ISTIOD "kubectl get pods -A -l app=istiod -o wide"
#define ROUTES_OF_ALL "kubectl get httproutes -A --sort-by=.metadata.creationTimestamp -o custom-columns=" \
    "'NAMESPACE:.metadata.namespace,NAME:.metadata.name,HOSTNAMES:.spec.hostnames[*]," \
    "PATHS:.spec.rules[*].matches[*].path.value," \
    "ACCEPTED:.status.parents[*].conditions[?(@.type==\"Accepted\")].reason'"
#define ROUTES "kubectl -n {ns} get httproutes -o custom-columns=" \
    "'NAME:.metadata.name,GATEWAY:.spec.parentRefs[*].name,HOSTNAMES:.spec.hostnames[*]," \
    "PATHS:.spec.rules[*].matches[*].path.value," \
    "ACCEPTED:.status.parents[*].conditions[?(@.type==\"Accepted\")].reason'"
#define ROUTE_BACKENDS "kubectl -n {ns} get httproutes -o custom-columns=" \
    "'NAME:.metadata.name,BACKENDS:.spec.rules[*].backendRefs[*].name," \
    "PORTS:.spec.rules[*].backendRefs[*].port,WEIGHTS:.spec.rules[*].backendRefs[*].weight," \
    "RESOLVED:.status.parents[*].conditions[?(@.type==\"ResolvedRefs\")].reason'" \
    "; kubectl -n {ns} get services"
#define ROUTE_FILTERS "kubectl -n {ns} get httproutes -o custom-columns=" \
    "'NAME:.metadata.name,PATHS:.spec.rules[*].matches[*].path.value," \
    "FILTERS:.spec.rules[*].filters,BACKENDS:.spec.rules[*].backendRefs[*].name'"
#define ROUTE_TIMEOUTS "kubectl -n {ns} get httproutes -o custom-columns=" \
    "'NAME:.metadata.name,TIMEOUTS:.spec.rules[*].timeouts'; kubectl -n {ns} top pods"
#define APP_PODS "kubectl -n {ns} get pods,endpointslices -o wide"
#define APP_ENDPOINTS "kubectl -n {ns} get endpointslices -l kubernetes.io/service-name={svc} -o wide" \
    "; kubectl -n {ns} get pods -o wide"
#define APP_SERVICE "kubectl -n {ns} get service {svc} -o wide"
#define APP_PORTS "kubectl -n {ns} get service {svc} -o yaml; kubectl -n {ns} get pods -o wide"
#define APP_EVENTS "kubectl -n {ns} get pods -o wide; kubectl -n {ns} get events --sort-by=.lastTimestamp"
#define APP_POLICIES "kubectl -n {ns} get networkpolicies -o yaml"
#define MESH_POLICIES "kubectl get networkpolicies,peerauthentications,authorizationpolicies -A" \
    "; kubectl get pods -A -l app=ztunnel -o wide"
#define INBOUND "kubectl -n {gw_ns} get service {gw_svc} -o jsonpath=" \
    "'{.spec.externalTrafficPolicy}{\"\\n\"}{.metadata.annotations}{\"\\n\"}'" \
    "; az network application-gateway show-backend-health -g <resource-group> -n <application-gateway>"

const struct path_rule path_rules[] = {
    /* Ourselves: nothing else can be believed then. */
    {.id = "self-stuck", .source = FROM_NOBODY, .with = IS_STUCK,
     .hop = HOP_SELF, .blame = BLAME_US, .reason = STALE,
     .summary = "our engine has stopped: what is shown here is old",
     .next = OUR_EVENTS},
    {.id = "self-starved", .source = FROM_NOBODY, .with = IS_STARVED,
     .hop = HOP_SELF, .blame = BLAME_US, .reason = SUSPECT_SELF,
     .summary = "we are starved ourselves ({starved}): our outcomes are not counted",
     .next = OUR_LOAD},
    {.id = "self-check", .source = FROM_SELF_CHECK, .severities = 1U << SEVERITY_CRITICAL,
     .hop = HOP_SELF, .blame = BLAME_US,
     .summary = "our own check {check} fails: {text}",
     .next = OUR_CHECK},
    {.id = "self-stale", .source = FROM_DECIDER, .kinds = SIGHT_OURS, .reasons = ONE(STALE),
     .hop = HOP_SELF, .blame = BLAME_US,
     .summary = "{check} brought no outcome for too long: we do not know",
     .next = OUR_LOAD},
    {.id = "self-suspect", .source = FROM_DECIDER, .kinds = SIGHT_OURS, .reasons = ONE(SUSPECT_SELF),
     .hop = HOP_SELF, .blame = BLAME_US,
     .summary = "{check} was asked while we were starved ourselves: we do not know",
     .next = OUR_LOAD},
    {.id = "self-refused", .source = FROM_DECIDER, .kinds = SIGHT_OURS, .reasons = ONE(LOCAL_TARGET_REFUSED),
     .hop = HOP_SELF, .blame = BLAME_US,
     .summary = "we refuse the address of {check}: correct the target, or engine.allow_targets",
     .next = OUR_CHECK},
    {.id = "self-ca-file", .source = FROM_DECIDER, .kinds = SIGHT_OURS, .reasons = ONE(TLS_UNKNOWN_CA),
     .hop = HOP_SELF, .blame = BLAME_US,
     .summary = "we cannot read gateway.tls.ca_file: {check} cannot be asked",
     .next = OUR_VOLUMES},
    {.id = "self-resources", .source = FROM_DECIDER, .kinds = SIGHT_OURS,
     .hop = HOP_SELF, .blame = BLAME_US,
     .summary = "{check} could not be asked: {text}",
     .next = OUR_LOAD},
    {.id = "self-isolated", .source = FROM_DECIDER, .with = NOTHING_ANSWERS, .without = APPGW_SILENT,
     .hop = HOP_SELF, .blame = BLAME_US,
     .summary = "nothing at all answers us: suspect our own network first "
                "(NetworkPolicy, ztunnel and CNI of this node)",
     .next = POLICIES "; kubectl get pod -A --field-selector metadata.name={instance} -o wide"},

    /* A check that waits for another one tells nothing more than that one. */
    {.id = "blocked-name", .source = FROM_BLOCKER, .reasons = NAME_REASONS,
     .with = DECIDER_BLOCKED, .without = DECIDER_PASSES,
     .hop = HOP_NAMES, .blame = BLAME_CHECK,
     .summary = "{check}, which others depend on, fails: {text}",
     .next = SERVICES},
    {.id = "blocked", .source = FROM_BLOCKER, .with = DECIDER_BLOCKED, .without = DECIDER_PASSES,
     .hop = HOP_OF_SIGHT, .blame = BLAME_CHECK,
     .summary = "{check}, which others depend on, fails: {text}",
     .next = OUR_CHECK},

    /* Names. */
    {.id = "names-dead", .source = FROM_DECIDER, .reasons = ONE(DNS_TIMEOUT), .with = NO_NAMES,
     .hop = HOP_NAMES, .blame = BLAME_PLATFORM,
     .summary = "no name server answers: not one name can be resolved",
     .next = NAME_SERVERS},
    {.id = "names-unknown", .source = FROM_DECIDER, .reasons = NAME_REASONS, .with = NO_NAMES,
     .hop = HOP_NAMES, .blame = BLAME_PLATFORM,
     .summary = "not one configured name exists: wrong search domain, cluster domain or name server",
     .next = SERVICES},
    {.id = "names-gateway", .source = FROM_ROUTED, .reasons = NAME_REASONS,
     .hop = HOP_NAMES, .blame = BLAME_PLATFORM,
     .summary = "the gateway's name {service} cannot be resolved: {text}",
     .next = GW_SERVICE},
    {.id = "names-backend", .source = FROM_DIRECT, .reasons = NAME_REASONS, .with = DIRECT_DECIDES,
     .hop = HOP_NAMES, .blame = BLAME_TENANT,
     .summary = "the backend's name {backend} cannot be resolved: {text}",
     .next = APP_SERVICE},

    /* The gateway's pods, and what they say of themselves. */
    {.id = "gateway-not-live", .source = FROM_STATUS, .reasons = ONE(GW_NOT_LIVE),
     .without = DECIDER_PASSES | STATUS_PARTIAL | APP_ANSWERS,
     .hop = HOP_GATEWAY_READY, .blame = BLAME_GATEWAY,
     .summary = "no gateway pod is ready: it may never have got its configuration, or it is ending",
     .next = GW_LOGS},
    {.id = "gateway-no-pods", .source = FROM_ROUTED, .at = AT(HOP_GATEWAY_PODS), .with = STATUS_NO_PODS,
     .hop = HOP_GATEWAY_PODS, .blame = BLAME_GATEWAY,
     .summary = "there is no gateway pod: {pods} has no address and nothing answers at {service}",
     .next = GW_PODS},
    {.id = "listener-tls-missing", .source = FROM_ROUTED, .reasons = CLOSED_REASONS,
     .at = AT(HOP_GATEWAY_PODS), .with = STATUS_PASSES | HAS_TLS,
     .hop = HOP_GATEWAY_PODS, .blame = BLAME_GATEWAY,
     .summary = "the gateway lives, but nothing listens on port {port}: the listener is not "
                "programmed, for instance because its certificate Secret is gone",
     .next = GW_LISTENERS},
    {.id = "listener-missing", .source = FROM_ROUTED, .reasons = CLOSED_REASONS,
     .at = AT(HOP_GATEWAY_PODS), .with = STATUS_PASSES,
     .hop = HOP_GATEWAY_PODS, .blame = BLAME_GATEWAY,
     .summary = "the gateway lives, but port {port} does not take plain HTTP: the listener is not "
                "programmed, or it wants TLS",
     .next = GW_LISTENERS},
    {.id = "gateway-only-for-us", .source = FROM_ROUTED, .at = AT(HOP_GATEWAY_PODS),
     .with = APPGW_PASSES, .without = DATA_ANSWERS,
     .hop = HOP_GATEWAY_PODS, .blame = BLAME_PLATFORM,
     .summary = "the gateway does not answer us, but Application Gateway's probes still come "
                "through it: only our own way to it is blocked",
     .next = POLICIES},
    {.id = "gateway-down", .source = FROM_STATUS, .at = AT(HOP_GATEWAY_PODS), .without = STATUS_PARTIAL,
     .hop = HOP_GATEWAY_PODS, .blame = BLAME_GATEWAY,
     .summary = "no gateway pod answers: {text}",
     .next = GW_PODS},
    {.id = "gateway-part-down", .source = FROM_ROUTED, .at = AT(HOP_GATEWAY_PODS), .with = STATUS_PARTIAL,
     .hop = HOP_GATEWAY_PODS, .blame = BLAME_GATEWAY,
     .summary = "some gateway pods fail, and users reach them: {text}",
     .next = GW_PODS},
    {.id = "gateway-silent", .source = FROM_ROUTED, .at = AT(HOP_GATEWAY_PODS), .reasons = CONNECT_REASONS | ONE(TIMEOUT),
     .hop = HOP_GATEWAY_PODS, .blame = BLAME_GATEWAY,
     .summary = "the gateway does not answer at {service} port {port}: {text}",
     .next = GW_PODS},
    {.id = "gateway-hangs", .source = FROM_ROUTED, .reasons = ONE(TIMEOUT), .with = ALL_HANG,
     .without = DIRECT_FAILS | DATA_ANSWERS,
     .hop = HOP_GATEWAY_PODS, .blame = BLAME_GATEWAY,
     .summary = "the gateway takes connections and answers no tenant's request",
     .next = GW_LOGS},
    {.id = "gateway-not-http", .source = FROM_ROUTED, .at = AT(HOP_GATEWAY_PODS),
     .hop = HOP_GATEWAY_PODS, .blame = BLAME_GATEWAY,
     .summary = "what listens at {service} port {port} speaks no HTTP",
     .next = GW_LISTENERS},
    {.id = "gateway-old-config", .source = FROM_STATS, .kinds = SIGHT_FAIL | SIGHT_WARN,
     .reasons = ONE(GW_XDS_LOST), .with = OLD_CONFIG_EXPLAINS, .without = DIRECT_FAILS,
     .hop = HOP_GATEWAY_READY, .blame = BLAME_GATEWAY,
     .summary = "the gateway lost istiod and works with old routes and endpoints; "
                "do not restart it before istiod is back",
     .next = ISTIOD},
    {.id = "gateway-rejected-config", .source = FROM_STATS, .kinds = SIGHT_FAIL | SIGHT_WARN,
     .reasons = ONE(GW_CONFIG_REJECTED), .with = OLD_CONFIG_EXPLAINS, .without = DIRECT_FAILS,
     .hop = HOP_GATEWAY_READY, .blame = BLAME_GATEWAY,
     .summary = "the gateway rejected its newest configuration and works with old routes and endpoints",
     .next = GW_LOGS " | grep -i reject"},

    /* Its certificate. */
    {.id = "tls-name", .source = FROM_ROUTED, .reasons = ONE(TLS_SAN_MISMATCH),
     .hop = HOP_GATEWAY_TLS, .blame = BLAME_GATEWAY,
     .summary = "the gateway's certificate is not for {host}",
     .next = GW_CERTIFICATE("x509 -noout -subject -ext subjectAltName")},
    {.id = "tls-expired", .source = FROM_ROUTED, .reasons = ONE(TLS_EXPIRED),
     .hop = HOP_GATEWAY_TLS, .blame = BLAME_GATEWAY,
     .summary = "the gateway's certificate for {host} is expired or not yet valid",
     .next = GW_CERTIFICATE("x509 -noout -issuer -dates")},
    {.id = "tls-unknown-ca", .source = FROM_ROUTED, .reasons = ONE(TLS_UNKNOWN_CA),
     .hop = HOP_GATEWAY_TLS, .blame = BLAME_GATEWAY,
     .summary = "the gateway's certificate for {host} comes from a CA that is not in gateway.tls.ca_file",
     .next = GW_CHAIN},
    {.id = "tls-chain", .source = FROM_ROUTED, .reasons = ONE(TLS_CHAIN),
     .hop = HOP_GATEWAY_TLS, .blame = BLAME_GATEWAY,
     .summary = "the gateway's certificate chain for {host} is incomplete or out of order",
     .next = GW_CHAIN},
    {.id = "tls-closed", .source = FROM_ROUTED, .reasons = ONE(PEER_CLOSED),
     .hop = HOP_GATEWAY_TLS, .blame = BLAME_GATEWAY,
     .summary = "the gateway closes the connection right after the TLS handshake: "
                "it may demand a client certificate",
     .next = GW_LISTENERS},
    {.id = "tls-handshake", .source = FROM_ROUTED, .at = AT(HOP_GATEWAY_TLS),
     .hop = HOP_GATEWAY_TLS, .blame = BLAME_GATEWAY,
     .summary = "no TLS handshake with {service} port {port}: its listener may speak plain HTTP",
     .next = GW_LISTENERS},

    /* Routes. */
    {.id = "route-host-taken", .source = FROM_ROUTED, .reasons = ONE(GW_NO_ROUTE), .with = LOOP_NO_ROUTE,
     .hop = HOP_ROUTE, .blame = BLAME_GATEWAY,
     .summary = "even our own route does not match on host {host}: a route that names this host "
                "hides all that name none, or the listener has changed",
     .next = ROUTES_OF_ALL},
    {.id = "route-none", .source = FROM_ROUTED, .reasons = ONE(GW_NO_ROUTE), .with = ALL_NO_ROUTE | MANY_TENANTS,
     .hop = HOP_ROUTE, .blame = BLAME_GATEWAY,
     .summary = "no tenant has an HTTPRoute that matches on host {host}: "
                "the listener, its hostname or its allowedRoutes has changed",
     .next = GW_ALLOWED},
    {.id = "route-only-one", .source = FROM_ROUTED, .reasons = ONE(GW_NO_ROUTE), .with = ALL_NO_ROUTE,
     .without = LOOP_PASSES,
     .hop = HOP_ROUTE, .blame = BLAME_GATEWAY,
     .summary = "no HTTPRoute matches {route} on host {host}, and no other route shows that "
                "the listener admits any",
     .next = ROUTES_OF_ALL},
    {.id = "route-missing", .source = FROM_ROUTED, .reasons = ONE(GW_NO_ROUTE),
     .hop = HOP_ROUTE, .blame = BLAME_TENANT,
     .summary = "no HTTPRoute matches {route} on host {host}",
     .next = ROUTES},
    {.id = "route-no-service", .source = FROM_ROUTED, .reasons = ONE(GW_BACKENDREF_INVALID), .with = DIRECT_NO_NAME,
     .hop = HOP_ROUTE, .blame = BLAME_TENANT,
     .summary = "the HTTPRoute of {route} points at a Service that does not exist, "
                "and {backend} does not either",
     .next = ROUTE_BACKENDS},
    {.id = "route-backend", .source = FROM_ROUTED, .reasons = ONE(GW_BACKENDREF_INVALID),
     .hop = HOP_ROUTE, .blame = BLAME_TENANT,
     .summary = "the HTTPRoute of {route} points at no usable backend: wrong Service or port, "
                "missing ReferenceGrant, or all weights 0",
     .next = ROUTE_BACKENDS},
    {.id = "route-redirect-all", .source = FROM_ROUTED, .reasons = ONE(GW_REDIRECT), .with = ALL_REDIRECT,
     .hop = HOP_ROUTE, .blame = BLAME_GATEWAY,
     .summary = "the gateway redirects every tenant's requests on port {port}",
     .next = ROUTES_OF_ALL},
    {.id = "route-redirect", .source = FROM_ROUTED, .reasons = ONE(GW_REDIRECT),
     .hop = HOP_ROUTE, .blame = BLAME_TENANT,
     .summary = "the route of {route} answers with a redirect instead of the application",
     .next = ROUTE_FILTERS},
    {.id = "route-denied", .source = FROM_ROUTED, .reasons = ONE(GW_DENIED),
     .hop = HOP_ROUTE, .blame = BLAME_GATEWAY,
     .summary = "an AuthorizationPolicy of the gateway denies {route}",
     .next = "kubectl get authorizationpolicies.security.istio.io -A"},
    {.id = "identity-tenant", .source = FROM_ROUTED, .reasons = ONE(IDENTITY_MISMATCH),
     .hop = HOP_IDENTITY, .blame = BLAME_GATEWAY,
     .summary = "somebody else answers {route} on host {host}: another HTTPRoute has taken it",
     .next = ROUTES_OF_ALL},

    /* The application: it fails directly as well. */
    {.id = "backend-not-ready", .source = FROM_ROUTED, .reasons = ONE(GW_NO_ENDPOINTS), .with = DIRECT_FAILS,
     .hop = HOP_BACKEND_DIRECT, .blame = BLAME_TENANT,
     .summary = "no pod of {svc} is ready, and it does not answer directly either",
     .next = APP_ENDPOINTS},
    {.id = "backend-down", .source = FROM_ROUTED, .reasons = ONE(GW_UPSTREAM_CONNECT) | ONE(GW_UPSTREAM_RESET),
     .with = DIRECT_FAILS,
     .hop = HOP_BACKEND_DIRECT, .blame = BLAME_TENANT,
     .summary = "the application does not answer, neither through the gateway nor directly",
     .next = APP_ENDPOINTS},
    {.id = "backend-slow", .source = FROM_ROUTED, .reasons = ONE(GW_UPSTREAM_TIMEOUT) | ONE(TIMEOUT),
     .with = DIRECT_FAILS,
     .hop = HOP_BACKEND_DIRECT, .blame = BLAME_TENANT,
     .summary = "the application is too slow or hangs, through the gateway as well as directly",
     .next = APP_EVENTS},
    {.id = "backend-fails", .source = FROM_ROUTED, .at = AT(HOP_BACKEND_ROUTED), .with = DIRECT_FAILS,
     .hop = HOP_BACKEND_DIRECT, .blame = BLAME_TENANT,
     .summary = "the application fails through the gateway as well as directly: {text}",
     .next = APP_EVENTS},

    /* The application through the gateway, alone. */
    {.id = "upstream-all", .source = FROM_ROUTED, .reasons = ONE(GW_UPSTREAM_CONNECT) | ONE(GW_UPSTREAM_RESET),
     .with = ALL_UPSTREAM,
     .hop = HOP_BACKEND_ROUTED, .blame = BLAME_GATEWAY,
     .summary = "the gateway reaches no tenant's pods: mTLS, a NetworkPolicy (port 15008) or ztunnel",
     .next = MESH_POLICIES},
    {.id = "upstream-unreachable", .source = FROM_ROUTED, .reasons = ONE(GW_UPSTREAM_CONNECT), .with = DIRECT_PASSES,
     .hop = HOP_BACKEND_ROUTED, .blame = BLAME_GATEWAY,
     .summary = "the application answers us directly, but the gateway cannot connect to it: "
                "mTLS, a NetworkPolicy (port 15008) or ztunnel",
     .next = MESH_POLICIES},
    {.id = "upstream-no-endpoints", .source = FROM_ROUTED, .reasons = ONE(GW_NO_ENDPOINTS), .with = DIRECT_PASSES,
     .hop = HOP_BACKEND_ROUTED, .blame = BLAME_TENANT,
     .summary = "{svc} answers directly, but the gateway knows no ready endpoint for {route}: "
                "the route may point at another Service, or its pods were ejected as outliers",
     .next = ROUTE_BACKENDS "; kubectl -n {ns} get destinationrules,endpointslices"},
    {.id = "upstream-not-ready", .source = FROM_ROUTED, .reasons = ONE(GW_NO_ENDPOINTS),
     .hop = HOP_BACKEND_ROUTED, .blame = BLAME_TENANT,
     .summary = "the backend of {route} has no ready endpoint",
     .next = APP_ENDPOINTS},
    {.id = "upstream-connect", .source = FROM_ROUTED, .reasons = ONE(GW_UPSTREAM_CONNECT),
     .hop = HOP_BACKEND_ROUTED, .blame = BLAME_TENANT,
     .summary = "the gateway cannot connect to the application behind {route}",
     .next = APP_PORTS},
    {.id = "upstream-reset", .source = FROM_ROUTED, .reasons = ONE(GW_UPSTREAM_RESET),
     .hop = HOP_BACKEND_ROUTED, .blame = BLAME_TENANT,
     .summary = "the application behind {route} closes the gateway's connections, "
                "or in an ambient mesh refuses them or a policy of its namespace denies them",
     .next = APP_EVENTS "; kubectl -n {ns} get authorizationpolicies.security.istio.io"},
    {.id = "upstream-protocol", .source = FROM_ROUTED, .reasons = ONE(GW_UPSTREAM_PROTOCOL),
     .hop = HOP_BACKEND_ROUTED, .blame = BLAME_TENANT,
     .summary = "the port behind {route} does not speak the HTTP that the gateway expects",
     .next = APP_PORTS},
    {.id = "upstream-timeout", .source = FROM_ROUTED, .reasons = ONE(GW_UPSTREAM_TIMEOUT),
     .hop = HOP_BACKEND_ROUTED, .blame = BLAME_TENANT,
     .summary = "the application takes longer for {route} than its HTTPRoute allows",
     .next = ROUTE_TIMEOUTS},
    {.id = "upstream-hangs", .source = FROM_ROUTED, .reasons = ONE(TIMEOUT),
     .hop = HOP_BACKEND_ROUTED, .blame = BLAME_TENANT,
     .summary = "no answer to {route}: the application hangs, or a policy drops what the gateway sends it",
     .next = APP_EVENTS "; " APP_POLICIES},
    {.id = "app-other-path", .source = FROM_ROUTED, .reasons = ONE(HTTP_STATUS), .with = DIRECT_PASSES,
     .hop = HOP_BACKEND_ROUTED, .blame = BLAME_TENANT,
     .summary = "the application itself answers {route} with {status}, though its health path is fine: "
                "look at the route's rewrite and backend, and at that path",
     .next = ROUTE_FILTERS},
    {.id = "app-status", .source = FROM_ROUTED, .reasons = ONE(HTTP_STATUS),
     .hop = HOP_BACKEND_ROUTED, .blame = BLAME_TENANT,
     .summary = "the application itself answers {route} with {status}",
     .next = APP_EVENTS},
    {.id = "app-answer", .source = FROM_ROUTED, .at = AT(HOP_BACKEND_ROUTED),
     .hop = HOP_BACKEND_ROUTED, .blame = BLAME_TENANT,
     .summary = "the application's answer to {route} is wrong: {text}",
     .next = APP_EVENTS},
    {.id = "routed", .source = FROM_ROUTED,
     .hop = HOP_OF_SIGHT, .blame = BLAME_CHECK,
     .summary = "the request for {route} fails: {text}",
     .next = OUR_CHECK},

    /* No gateway: the direct check decides. */
    {.id = "direct-closed", .source = FROM_DIRECT, .reasons = CLOSED_REASONS, .with = DIRECT_DECIDES,
     .hop = HOP_BACKEND_DIRECT, .blame = BLAME_TENANT,
     .summary = "the application does not take connections: {text}",
     .next = APP_ENDPOINTS},
    {.id = "direct-silent", .source = FROM_DIRECT, .reasons = ONE(CONNECT_TIMEOUT) | ONE(TIMEOUT), .with = DIRECT_DECIDES,
     .hop = HOP_BACKEND_DIRECT, .blame = BLAME_TENANT,
     .summary = "the application does not answer in time",
     .next = APP_EVENTS "; " APP_POLICIES},
    {.id = "direct", .source = FROM_DIRECT, .with = DIRECT_DECIDES,
     .hop = HOP_BACKEND_DIRECT, .blame = BLAME_TENANT,
     .summary = "the application fails: {text}",
     .next = APP_EVENTS},

    /* The operator's own checks of the tenant. */
    {.id = "tenant-check-name", .source = FROM_TENANT_CHECK, .reasons = NAME_REASONS,
     .hop = HOP_NAMES, .blame = BLAME_TENANT, .weight = WEIGHT_SEVERITY,
     .summary = "{check} fails: {text}",
     .next = SERVICES},
    {.id = "tenant-check", .source = FROM_TENANT_CHECK,
     .hop = HOP_BACKEND_DIRECT, .blame = BLAME_TENANT, .weight = WEIGHT_SEVERITY,
     .summary = "{check} fails: {text}",
     .next = OUR_CHECK},

    /* What users do not notice yet, or what is known while the deciding check is not. */
    {.id = "side-ours", .source = FROM_OURS, .kinds = SIGHT_OURS,
     .hop = HOP_SELF, .blame = BLAME_US,
     .summary = "{check} is not judged: {text}",
     .next = OUR_LOAD},
    {.id = "side-self", .source = FROM_SELF_CHECK, .kinds = SIGHT_FAIL | SIGHT_WARN,
     .hop = HOP_SELF, .blame = BLAME_US, .weight = WEIGHT_WARN,
     .summary = "our own check {check}: {text}",
     .next = OUR_CHECK},
    {.id = "side-blocked", .source = FROM_BLOCKER,
     .hop = HOP_OF_SIGHT, .blame = BLAME_CHECK,
     .summary = "{check}, which others depend on, fails: {text}",
     .next = OUR_CHECK},
    {.id = "names-dead-for-apps", .source = FROM_DIRECT, .reasons = NAME_REASONS, .with = NO_NAMES,
     .hop = HOP_NAMES, .blame = BLAME_PLATFORM, .weight = WEIGHT_WARN,
     .summary = "not one name can be resolved; users do not need our names",
     .next = NAME_SERVERS},
    {.id = "names-apps", .source = FROM_DIRECT, .reasons = NAME_REASONS, .with = ALL_DIRECT_NO_NAME,
     .hop = HOP_NAMES, .blame = BLAME_PLATFORM, .weight = WEIGHT_WARN,
     .summary = "no backend's name can be resolved, though users are served: "
                "look at our search domains and the names we were given",
     .next = SERVICES},
    {.id = "names-app", .source = FROM_DIRECT, .reasons = NAME_REASONS,
     .hop = HOP_NAMES, .blame = BLAME_TENANT, .weight = WEIGHT_WARN,
     .summary = "the backend's name {backend} cannot be resolved: {text}; users go by the route",
     .next = APP_SERVICE},
    {.id = "names-pods", .source = FROM_STATUS, .reasons = NAME_REASONS,
     .hop = HOP_NAMES, .blame = BLAME_PLATFORM,
     .summary = "the name of the gateway's pods, {pods}, cannot be resolved: {text}",
     .next = GW_HEADLESS},
    {.id = "names-stats", .source = FROM_STATS, .reasons = NAME_REASONS,
     .hop = HOP_NAMES, .blame = BLAME_PLATFORM,
     .summary = "the name of the gateway's pods, {pods}, cannot be resolved: {text}",
     .next = GW_HEADLESS},
    {.id = "names-tls", .source = FROM_TLS, .reasons = NAME_REASONS,
     .hop = HOP_NAMES, .blame = BLAME_PLATFORM,
     .summary = "the gateway's name cannot be resolved for {check}: {text}",
     .next = GW_SERVICE},
    {.id = "names-loopback", .source = FROM_LOOPBACK, .reasons = NAME_REASONS,
     .hop = HOP_NAMES, .blame = BLAME_PLATFORM,
     .summary = "the gateway's name cannot be resolved for {check}: {text}",
     .next = GW_SERVICE},
    {.id = "some-pods-down", .source = FROM_STATUS, .at = AT(HOP_GATEWAY_PODS),
     .hop = HOP_GATEWAY_PODS, .blame = BLAME_GATEWAY,
     .summary = "{failed} of {total} gateway pods do not answer: {text}",
     .next = GW_PODS},
    {.id = "tls-port-silent", .source = FROM_TLS, .at = AT(HOP_GATEWAY_PODS),
     .hop = HOP_GATEWAY_PODS, .blame = BLAME_GATEWAY,
     .summary = "the gateway's TLS port does not answer: {text}",
     .next = GW_LISTENERS},
    {.id = "loopback-silent", .source = FROM_LOOPBACK, .at = AT(HOP_GATEWAY_PODS),
     .hop = HOP_GATEWAY_PODS, .blame = BLAME_GATEWAY,
     .summary = "the gateway does not answer our request to ourselves: {text}",
     .next = GW_PODS},
    {.id = "some-pods-not-ready", .source = FROM_STATUS, .with = STATUS_PARTIAL,
     .hop = HOP_GATEWAY_READY, .blame = BLAME_GATEWAY,
     .summary = "{failed} of {total} gateway pods are not ready: {text}",
     .next = GW_PODS},
    {.id = "status-port-silent", .source = FROM_STATUS, .reasons = CONNECT_REASONS | ONE(TIMEOUT),
     .hop = HOP_GATEWAY_READY, .blame = BLAME_GATEWAY,
     .summary = "the gateway's status port {status_port} does not answer, though its data port does: "
                "a NetworkPolicy, or the wrong port",
     .next = POLICIES},
    {.id = "gateway-status", .source = FROM_STATUS, .kinds = SIGHT_FAIL | SIGHT_WARN,
     .hop = HOP_OF_SIGHT, .blame = BLAME_GATEWAY,
     .summary = "the gateway's own readiness: {text}",
     .next = GW_PODS},
    {.id = "istiod-lost", .source = FROM_STATS, .kinds = SIGHT_FAIL | SIGHT_WARN, .reasons = ONE(GW_XDS_LOST),
     .hop = HOP_GATEWAY_READY, .blame = BLAME_GATEWAY,
     .summary = "the gateway lost istiod: old routes go on, nothing new arrives; "
                "do not restart it before istiod is back",
     .next = ISTIOD},
    {.id = "config-rejected", .source = FROM_STATS, .kinds = SIGHT_FAIL | SIGHT_WARN, .reasons = ONE(GW_CONFIG_REJECTED),
     .hop = HOP_GATEWAY_READY, .blame = BLAME_GATEWAY,
     .summary = "the gateway rejected its newest configuration: the old one goes on",
     .next = GW_LOGS " | grep -i reject"},
    {.id = "gateway-stats", .source = FROM_STATS, .kinds = SIGHT_FAIL | SIGHT_WARN,
     .hop = HOP_OF_SIGHT, .blame = BLAME_GATEWAY,
     .summary = "the gateway's own figures: {text}",
     .next = GW_LOGS},
    {.id = "tls-expires", .source = FROM_TLS, .kinds = SIGHT_WARN, .reasons = ONE(TLS_EXPIRED),
     .hop = HOP_GATEWAY_TLS, .blame = BLAME_GATEWAY,
     .summary = "a certificate of the gateway's chain for {host} expires soon: "
                "from then on Application Gateway refuses it",
     .next = GW_CERTIFICATE("x509 -noout -issuer -dates")},
    {.id = "tls-check", .source = FROM_TLS, .kinds = SIGHT_FAIL | SIGHT_WARN,
     .hop = HOP_OF_SIGHT, .blame = BLAME_GATEWAY,
     .summary = "Application Gateway may refuse the gateway's certificate: {text}",
     .next = GW_CHAIN},
    {.id = "tls-loopback", .source = FROM_LOOPBACK, .at = AT(HOP_GATEWAY_TLS),
     .hop = HOP_GATEWAY_TLS, .blame = BLAME_GATEWAY,
     .summary = "our request to ourselves fails at the gateway's TLS: {text}",
     .next = GW_CHAIN},
    {.id = "probe-route-missing", .source = FROM_LOOPBACK, .reasons = ONE(GW_NO_ROUTE),
     .hop = HOP_IDENTITY, .blame = BLAME_GATEWAY,
     .summary = "no HTTPRoute brings /healthz on host {host} to us: Application Gateway's probe "
                "gets 404 and takes every tenant down",
     .next = ROUTES_OF_ALL},
    {.id = "probe-path-taken", .source = FROM_LOOPBACK, .reasons = OTHERS_ANSWER,
     .hop = HOP_IDENTITY, .blame = BLAME_GATEWAY,
     .summary = "somebody else answers /healthz on host {host}: another HTTPRoute has taken it, "
                "or replicas have different keys",
     .next = ROUTES_OF_ALL},
    {.id = "probe-path-broken", .source = FROM_LOOPBACK, .kinds = SIGHT_FAIL | SIGHT_WARN,
     .hop = HOP_OF_SIGHT, .blame = BLAME_US,
     .summary = "the gateway does not get through to us: {text}",
     .next = "kubectl get pods,endpointslices -A -o wide | grep health-responder"},
    {.id = "apps-blocked", .source = FROM_DIRECT, .reasons = CONNECT_REASONS | ONE(TIMEOUT), .with = ALL_DIRECT_BLOCKED,
     .hop = HOP_BACKEND_DIRECT, .blame = BLAME_PLATFORM, .weight = WEIGHT_WARN,
     .summary = "no application answers us directly: only our own way to them is blocked "
                "(NetworkPolicy, ztunnel)",
     .next = POLICIES},
    {.id = "app-blocked", .source = FROM_DIRECT, .reasons = CONNECT_REASONS | ONE(TIMEOUT),
     .hop = HOP_BACKEND_DIRECT, .blame = BLAME_TENANT, .weight = WEIGHT_WARN,
     .summary = "the application does not answer us directly ({text}), though users may be fine: "
                "a NetworkPolicy that does not know us, or a wrong backend in our configuration",
     .next = APP_POLICIES},
    {.id = "app-direct", .source = FROM_DIRECT, .kinds = SIGHT_FAIL | SIGHT_WARN,
     .hop = HOP_BACKEND_DIRECT, .blame = BLAME_TENANT, .weight = WEIGHT_WARN,
     .summary = "the application's own health path is not fine: {text}",
     .next = APP_EVENTS},
    {.id = "routed-warns", .source = FROM_ROUTED, .kinds = SIGHT_WARN,
     .hop = HOP_OF_SIGHT, .blame = BLAME_CHECK,
     .summary = "the request for {route} works, but: {text}",
     .next = OUR_CHECK},
    {.id = "tenant-check-warns", .source = FROM_TENANT_CHECK, .kinds = SIGHT_WARN,
     .hop = HOP_OF_SIGHT, .blame = BLAME_TENANT,
     .summary = "{check}: {text}",
     .next = OUR_CHECK},
    {.id = "shared-check", .source = FROM_SHARED_CHECK,
     .hop = HOP_OF_SIGHT, .blame = BLAME_CHECK, .weight = WEIGHT_SEVERITY,
     .summary = "{check}: {text}",
     .next = OUR_CHECK},
    {.id = "shared-check-warns", .source = FROM_SHARED_CHECK, .kinds = SIGHT_WARN,
     .hop = HOP_OF_SIGHT, .blame = BLAME_CHECK,
     .summary = "{check}: {text}",
     .next = OUR_CHECK},

    /* What cannot be tested from inside. */
    {.id = "appgw-silent-cluster", .source = FROM_NOBODY, .with = USERS_FINE | APPGW_SILENT | APPGW_AS_NODE,
     .hop = HOP_INBOUND, .blame = BLAME_PLATFORM, .reason = TIMEOUT,
     .summary = "all fine behind it, but Application Gateway is silent for {silent}: with "
                "externalTrafficPolicy Cluster the load balancer probes \"/\" and takes 404 for a dead node; "
                "or network rules, or the probe's host",
     .next = INBOUND},
    {.id = "appgw-silent", .source = FROM_NOBODY, .with = USERS_FINE | APPGW_SILENT,
     .hop = HOP_INBOUND, .blame = BLAME_PLATFORM, .reason = TIMEOUT,
     .summary = "all fine behind it, but Application Gateway is silent for {silent}: network rules, the "
                "probe's host or certificate; or the load balancer probes \"/\" (externalTrafficPolicy "
                "Cluster) and takes 404 for a dead node",
     .next = INBOUND},
    {.id = "appgw-retried", .source = FROM_NOBODY, .with = USERS_FINE | APPGW_RETRIED,
     .hop = HOP_INBOUND, .blame = BLAME_US, .reason = GW_UPSTREAM_CONNECT,
     .summary = "the gateway had to retry Application Gateway's newest probe: one of our replicas "
                "did not take it",
     .next = "kubectl get pods,endpointslices -A -o wide | grep health-responder"},
    {.id = NULL},
};
/* clang-format on */
