# One static binary in an empty image. `make image` builds it; image/build says how.
#
# BASE is only what it is built on; image/base makes one from Debian's packages.
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS dependencies
RUN sed -i 's/^Types: deb$/Types: deb deb-src/' /etc/apt/sources.list.d/debian.sources \
 && apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      ca-certificates cmake dpkg-dev gcc libc6-dev linux-libc-dev make musl-tools ninja-build \
      perl pkgconf
COPY image/dependencies /build/dependencies
RUN /build/dependencies /deps

FROM dependencies AS binary
COPY CMakeLists.txt CMakePresets.json /source/
COPY cmake /source/cmake
COPY docs/man /source/docs/man
COPY include /source/include
COPY server /source/server
COPY image/binary /build/binary
# Another ROUND builds again what the cache would hold: whether two builds agree.
ARG ROUND=0
RUN ROUND=${ROUND} /build/binary /source /deps /out

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="health-responder" \
      org.opencontainers.image.description="Answers Application Gateway's probe from background checks of an Istio gateway and its backends" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=binary /out/ /
USER 65532:65532
EXPOSE 8080 9090
# There is no shell inside: the program asks itself.
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["/health-responder", "live"]
ENTRYPOINT ["/health-responder"]
CMD ["serve", "--config", "/etc/health-responder/config.json"]
