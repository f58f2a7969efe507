"""How good a graph is.

gold           benchmark files -> gold facts; each reader names source, version and licence
alignment      which predicted fact counts as which gold fact
scores         precision, recall, F1, B-cubed, calibration: pure, with the paper they come from
text2kgbench   Text2KGBench: the official metric and the strict one, and the recorded answers of its baselines
stemming       words as that benchmark's official scorer sees them
graph          a graph against gold facts written by hand
report         scores with model, prompt digest and ontology beside them
"""
