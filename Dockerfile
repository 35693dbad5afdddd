# Two stages: the first has Deno and the sources, the second has one file and the C library, no shell, no package
# manager, no root. EXCHANGE chooses which exchange's hosts the program may reach, for good, and STATE_HOST which
# database, as host:port. The images are named by
# their versions, not by digests, which differ by machine and registry: add @sha256:… for those that you checked.
FROM denoland/deno:debian-2.9.6 AS build
ARG EXCHANGE=binance
ARG STATE_HOST=
WORKDIR /build
COPY deno.json deno.lock main.ts ./
COPY build ./build
COPY src ./src
COPY std ./std
RUN deno task compile --exchange "$EXCHANGE" ${STATE_HOST:+--state-host "$STATE_HOST"} \
    && mv dist/penstock* /penstock \
    && mkdir /data

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /penstock /penstock
# A named volume takes over the owner of the folder that it is mounted on.
COPY --from=build --chown=65532:65532 /data /data
WORKDIR /
# A proxy named in the environment would carry everything past the program's own list of hosts.
ENV NO_PROXY=*
# Either would run other code before the program, or post its log past that list.
ENV NODE_OPTIONS= OTEL_SDK_DISABLED=true
USER 65532:65532
VOLUME /data
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
    CMD ["/penstock", "status", "data/penstock.db", "--max-age=60s"]
ENTRYPOINT ["/penstock"]
CMD ["run"]
