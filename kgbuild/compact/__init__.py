"""The compact model: which statements does a sentence make, of the properties an ontology asks for?

What reads a sentence, in order:

    encoding       words, pieces and shapes of a sentence
    literals       its dates, numbers and units, found and normalised
    weights        a folder of weights, opened
    coverage       which properties of an ontology they were taught
    scoring        every pair of mentions against every property
    calibration    scores into probabilities
    decoding       probabilities into statements

What teaches it (needs the `train` extra; only `network`, `learning`, `training` and `recipe` import torch):

    examples       labelled sentences             corpora, templates    where the shipped weights' came from
    taught         labelled sentences of a user   suggesting            which to label next
    catalogue      properties and their names     network, learning     the model and its training loop
    sentences      sentences of one's documents   thresholds            from how often what is taught is stated
    graph          weights to ONNX and back       training              `kgbuild train`
    recipe         the shipped weights, from public data
"""
