"""Makes a Llama of 344,000 random parameters with a tokenizer of its own, in which yes, no, Yes and No are one token each.

    python make_tiny_model.py FOLDER

Random weights prove that constraints hold: no politeness of the model hides a leak. The head size of 32 matters: with one that
vLLM's attention on the CPU does not know, the server says it is healthy and dies of the first request.
"""

import sys
import sysconfig
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

bpe = Tokenizer(models.BPE())
bpe.pre_tokenizer, bpe.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
texts = [path.read_text("utf-8") for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))[:120]]
trainer = trainers.BpeTrainer(
    vocab_size=4096,
    special_tokens=["<s>", "</s>", "<pad>"],
    initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    show_progress=False,
)
bpe.train_from_iterator([*texts, "yes no Yes No " * 200], trainer)
tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe, bos_token="<s>", eos_token="</s>", pad_token="<pad>")
tokenizer.chat_template = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant: "
torch.manual_seed(0)
config = LlamaConfig(
    vocab_size=4096,
    hidden_size=64,
    intermediate_size=128,
    num_hidden_layers=2,
    num_attention_heads=2,
    num_key_value_heads=2,
    bos_token_id=0,
    eos_token_id=1,
    pad_token_id=2,
    tie_word_embeddings=True,
)
for part in (tokenizer, LlamaForCausalLM(config)):
    part.save_pretrained(sys.argv[1])
