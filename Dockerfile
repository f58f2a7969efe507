# kgbuild with its shipped weights: docker run -v ./documents:/documents -v ./graph:/graph kgbuild build /documents --ontology company
FROM python:3.13-slim
WORKDIR /app
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY kgbuild kgbuild
COPY flows flows
COPY prompts prompts
COPY ontologies ontologies
RUN pip install --no-cache-dir --constraint constraints.txt .
ENV KGBUILD_GRAPH=/graph
VOLUME ["/documents", "/graph"]
ENTRYPOINT ["kgbuild"]
