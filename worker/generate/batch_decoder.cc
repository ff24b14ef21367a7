#include "worker/generate/batch_decoder.h"

#include <algorithm>
#include <utility>

#include "worker/generate/steady_rows.h"
#include "worker/ops/embedding.h"
#include "worker/ops/few_rows_dots.h"
#include "worker/ops/linear_weight.h"
#include "worker/ops/rms_norm.h"

namespace ropewalk {

struct PackedPieces {
  std::vector<int32_t> tokens;
  std::vector<int32_t> positions;
  std::vector<int32_t> starts = {0};  // of the pieces and of the padding
  std::vector<int64_t> last_rows;     // of the pieces
  std::vector<RowRouter::Stretch> stretches;
};

namespace {

// Padding is texts of their own, of token 0.
void AddPadding(int64_t rows, PackedPieces* packed) {
  while (static_cast<int64_t>(packed->tokens.size()) < rows) {
    packed->tokens.push_back(0);
    packed->positions.push_back(0);
    packed->starts.push_back(packed->tokens.size());
  }
}

}  // namespace

BatchDecoder::BatchDecoder(const Transformer<float>& model, RowRouter* router, Padding padding)
    : model_(model), router_(router), padding_(padding), rope_(model.config()) {}

KvCache<float> BatchDecoder::NewCache(int64_t expected) const {
  return KvCache<float>(config(), expected);
}

absl::Span<const float> BatchDecoder::Prefill(absl::Span<const TextPiece> pieces) {
  PackedPieces packed = Pack(pieces);
  AddPadding(PaddedRows(packed.tokens.size()), &packed);
  const auto attend = [&](int64_t layer, const LayerActivations<float>& a) {
    AttentionForward<float>(model_.attention_shape(layer), packed.starts, a.query, a.key, a.value,
                            a.attended, a.log_sum_exp);
    for (size_t i = 0; i < pieces.size(); ++i) {
      const int64_t offset = packed.starts[i] * config().key_value_size();
      pieces[i].cache->Append(layer, pieces[i].tokens.size(), a.key + offset, a.value + offset);
    }
  };
  logits_.clear();
  AppendLogits(Forward(packed, attend), packed.last_rows, PaddedRows(pieces.size()));
  return logits_;
}

absl::Span<const float> BatchDecoder::Extend(absl::Span<const TextPiece> pieces) {
  const int64_t count = pieces.size();
  const bool tiles = UsesTiles<float>(model_.weights().Output().precision());
  const int64_t passes = tiles ? 1 : (count - 1) / kFewRowsOfDots + 1;
  logits_.clear();
  for (int64_t pass = 0; pass < passes; ++pass) {
    const int64_t begin = count * pass / passes;
    ExtendTogether(pieces.subspan(begin, count * (pass + 1) / passes - begin));
  }
  return logits_;
}

void BatchDecoder::ExtendTogether(absl::Span<const TextPiece> pieces) {
  const PackedPieces packed = Pack(pieces);
  std::vector<int64_t> lengths(pieces.size());
  std::vector<const float*> keys(pieces.size()), values(pieces.size());
  const auto attend = [&](int64_t layer, const LayerActivations<float>& a) {
    for (size_t i = 0; i < pieces.size(); ++i) {
      const int64_t offset = i * config().key_value_size();
      pieces[i].cache->Append(layer, 1, a.key + offset, a.value + offset);
      lengths[i] = pieces[i].cache->rows(layer);
      keys[i] = pieces[i].cache->keys(layer);
      values[i] = pieces[i].cache->values(layer);
    }
    AttentionDecode<float>(model_.attention_shape(layer), lengths, a.query, keys, values,
                           a.attended);
  };
  AppendLogits(Forward(packed, attend), packed.last_rows, pieces.size());
}

PackedPieces BatchDecoder::Pack(absl::Span<const TextPiece> pieces) const {
  PackedPieces packed;
  for (const TextPiece& piece : pieces) {
    int32_t position = piece.cache->length();
    for (const int32_t token : piece.tokens) {
      packed.tokens.push_back(token);
      packed.positions.push_back(position++);
    }
    packed.starts.push_back(packed.tokens.size());
    packed.last_rows.push_back(packed.tokens.size() - 1);
    packed.stretches.push_back({static_cast<int64_t>(piece.tokens.size()), piece.adapter});
  }
  return packed;
}

int64_t BatchDecoder::PaddedRows(int64_t rows) const {
  return padding_ == Padding::kSteady ? SteadyRows(rows) : rows;
}

template <typename Attend>
const float* BatchDecoder::Forward(const PackedPieces& packed, Attend attend) {
  rope_.Begin(packed.positions, packed.starts);
  const Rows<float> rows = {static_cast<int64_t>(packed.tokens.size()), rope_.cosines(),
                            rope_.sines()};
  Reserve(rows.count);
  if (router_ != nullptr) router_->Route(packed.stretches);
  if (model_.hook() != nullptr) model_.hook()->BeginPass(rows.count, nullptr);
  EmbeddingForward(rows.count, packed.tokens.data(), model_.weights().Embedding(),
                   activations_.input);
  for (size_t layer = 0; layer < model_.layers().size(); ++layer) {
    model_.layers()[layer].Forward(
        rows, activations_, scratch_, [&](const LayerActivations<float>& a) { attend(layer, a); },
        output_);
    std::swap(activations_.input, output_);
  }
  return activations_.input;
}

void BatchDecoder::AppendLogits(const float* hidden, const std::vector<int64_t>& rows,
                                int64_t padded) {
  const int64_t size = config().hidden_size, count = rows.size();
  const int64_t begin = logits_.size();
  chosen_.assign(padded * size, 0);
  normed_.resize(padded * size);
  rstd_.resize(padded);
  logits_.resize(begin + padded * config().vocab_size);
  for (int64_t i = 0; i < count; ++i) {
    std::copy_n(hidden + rows[i] * size, size, &chosen_[i * size]);
  }
  RmsNormForward<float, float>(padded, size, chosen_.data(),
                               model_.weights().Plain(model_.weights().index().FinalNorm()),
                               config().rms_norm_eps, normed_.data(), rstd_.data());
  model_.weights().Output().Forward(padded, normed_.data(), logits_.data() + begin);
  logits_.resize(begin + count * config().vocab_size);
}

void BatchDecoder::Reserve(int64_t rows) {
  if (rows <= reserved_rows_) return;
  reserved_rows_ = rows;
  arena_.Build([&](Arena* arena) {
    activations_.Take(config(), rows, arena);
    scratch_.TakeForward(config(), rows, arena);
    arena->Take("output", rows * config().hidden_size, &output_);
  });
}

}  // namespace ropewalk
