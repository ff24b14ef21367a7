#include "worker/train/train_state.h"

#include <xxhash.h>

#include <cstring>
#include <map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/model/safetensors.h"
#include "worker/train/fixed_point.h"

namespace ropewalk {
namespace {

constexpr char kFormat[] = "ropewalk-train-state-1";
constexpr char kOwed[] = "owed";
constexpr char kInner[] = "inner.";  // before an inner optimiser's names
constexpr int64_t kStepColumns = 5;
constexpr int64_t kEvaluationColumns = 4;

template <typename T>
absl::string_view BytesOf(const T* data, size_t count) {
  return absl::string_view(reinterpret_cast<const char*>(data), count * sizeof(T));
}

template <typename T>
TensorView View(std::string name, Dtype dtype, std::vector<int64_t> shape,
                const std::vector<T>& data) {
  return TensorView{std::move(name), dtype, std::move(shape), BytesOf(data.data(), data.size())};
}

std::vector<double> StepTable(const std::vector<StepRecord>& steps) {
  std::vector<double> table;
  for (const StepRecord& s : steps) {
    table.insert(table.end(), {static_cast<double>(s.step), s.loss, s.learning_rate, s.grad_norm,
                               static_cast<double>(s.tokens)});
  }
  return table;
}

std::vector<double> EvaluationTable(const std::vector<EvaluationRecord>& evaluations) {
  std::vector<double> table;
  for (const EvaluationRecord& e : evaluations) {
    table.insert(table.end(),
                 {static_cast<double>(e.step), e.loss, static_cast<double>(e.exact_matches),
                  static_cast<double>(e.exact_match_rows)});
  }
  return table;
}

std::vector<StepRecord> StepsOf(const std::vector<double>& table) {
  std::vector<StepRecord> steps;
  for (size_t i = 0; i + kStepColumns <= table.size(); i += kStepColumns) {
    steps.push_back({static_cast<int64_t>(table[i]), table[i + 1], table[i + 2], table[i + 3],
                     static_cast<int64_t>(table[i + 4])});
  }
  return steps;
}

std::vector<EvaluationRecord> EvaluationsOf(const std::vector<double>& table) {
  std::vector<EvaluationRecord> evaluations;
  for (size_t i = 0; i + kEvaluationColumns <= table.size(); i += kEvaluationColumns) {
    evaluations.push_back({static_cast<int64_t>(table[i]), table[i + 1],
                           static_cast<int64_t>(table[i + 2]), static_cast<int64_t>(table[i + 3])});
  }
  return evaluations;
}

absl::Status Damaged(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("this is not a training state: ", what));
}

// Copies the tensor `name` into `data`; its element count must be `count`, or any if negative.
template <typename T>
absl::Status ReadTensor(const Safetensors& file, const std::string& name, Dtype dtype,
                        int64_t count, std::vector<T>* data) {
  const auto it = file.tensors.find(name);
  if (it == file.tensors.end()) return Damaged(absl::StrCat("tensor ", name, " is missing"));
  const TensorView& tensor = it->second;
  const int64_t size = tensor.bytes.size() / sizeof(T);
  if (tensor.dtype != dtype || (count >= 0 && size != count)) {
    return Damaged(absl::StrCat("tensor ", name, " is ", DtypeName(tensor.dtype),
                                ShapeToString(tensor.shape), " where ", count, " elements of ",
                                DtypeName(dtype), " are expected"));
  }
  data->resize(size);
  if (size > 0) std::memcpy(data->data(), tensor.bytes.data(), tensor.bytes.size());
  return absl::OkStatus();
}

// The arrays of `state`, named with `prefix` before their names.
void AddTensors(absl::string_view prefix, const OptimizerState& state,
                std::vector<TensorView>* tensors) {
  for (const auto& [name, values] : state.floats) {
    tensors->push_back(View(absl::StrCat(prefix, name), Dtype::kF32,
                            {static_cast<int64_t>(values.size())}, values));
  }
  for (const auto& [name, values] : state.bytes) {
    tensors->push_back(View(absl::StrCat(prefix, name), Dtype::kU8,
                            {static_cast<int64_t>(values.size())}, values));
  }
}

absl::Status ReadTensors(const Safetensors& file, absl::string_view prefix, OptimizerState* state) {
  for (auto& [name, values] : state->floats) {
    RETURN_IF_ERROR(
        ReadTensor(file, absl::StrCat(prefix, name), Dtype::kF32, values.size(), &values));
  }
  for (auto& [name, values] : state->bytes) {
    RETURN_IF_ERROR(
        ReadTensor(file, absl::StrCat(prefix, name), Dtype::kU8, values.size(), &values));
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> ReadNumber(const Safetensors& file, const std::string& key) {
  const auto it = file.metadata.find(key);
  int64_t number = 0;
  if (it == file.metadata.end() || !absl::SimpleAtoi(it->second, &number) || number < 0) {
    return Damaged(absl::StrCat("its metadata has no number '", key, "'"));
  }
  return number;
}

absl::Status CheckOrigin(const Safetensors& file, absl::string_view plan_digest) {
  const auto format = file.metadata.find("format");
  if (format == file.metadata.end() || format->second != kFormat) {
    return Damaged(absl::StrCat("its metadata does not say format ", kFormat));
  }
  const auto plan = file.metadata.find("plan_digest");
  if (plan != file.metadata.end() && plan->second == plan_digest) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the training state belongs to the plan ",
                   plan == file.metadata.end() ? "(none)" : plan->second, ", this job's plan is ",
                   plan_digest, ": the base model, the data or the settings differ"));
}

}  // namespace

TrainState::TrainState(int64_t parameter_count, OptimizerState optimizer)
    : parameters(parameter_count),
      optimizer(std::move(optimizer)),
      scales(BlockCount(parameter_count)) {}

uint64_t TrainState::Digest() const {
  const auto hash = [](absl::string_view bytes, uint64_t seed) {
    return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
  };
  uint64_t digest = hash(BytesOf(&step, 1), 0);
  digest = hash(BytesOf(parameters.data(), parameters.size()), digest);
  for (const auto& [name, values] : optimizer.floats) {
    digest = hash(BytesOf(values.data(), values.size()), digest);
  }
  for (const auto& [name, values] : optimizer.bytes) {
    digest = hash(BytesOf(values.data(), values.size()), digest);
  }
  return hash(BytesOf(scales.window().data(), scales.window().size()), digest);
}

std::string TrainState::Serialize(absl::string_view plan_digest) const {
  const int64_t n = parameters.size();
  const std::vector<uint8_t> window(scales.window().begin(), scales.window().end());
  const std::vector<double> step_table = StepTable(steps);
  const std::vector<double> evaluation_table = EvaluationTable(evaluations);
  std::vector<TensorView> tensors = {
      View("parameters", Dtype::kF32, {n}, parameters),
      View("scale_window", Dtype::kU8, {ScaleHistory::kWindow, BlockCount(n)}, window),
      View("steps", Dtype::kF64, {static_cast<int64_t>(steps.size()), kStepColumns}, step_table),
      View("evaluations", Dtype::kF64,
           {static_cast<int64_t>(evaluations.size()), kEvaluationColumns}, evaluation_table)};
  if (!owed.empty()) tensors.push_back(View(kOwed, Dtype::kF32, {n}, owed));
  AddTensors("", optimizer, &tensors);
  AddTensors(kInner, inner, &tensors);
  return SerializeSafetensors(std::move(tensors),
                              {{"format", kFormat},
                               {"plan_digest", std::string(plan_digest)},
                               {"step", absl::StrCat(step)},
                               {"scales_recorded", absl::StrCat(scales.recorded())}});
}

absl::StatusOr<TrainState> TrainState::Parse(absl::string_view bytes, absl::string_view plan_digest,
                                             const TrainState& shape) {
  const int64_t parameter_count = shape.parameters.size();
  ASSIGN_OR_RETURN(const Safetensors file, ParseSafetensors(bytes, "the training state"));
  RETURN_IF_ERROR(CheckOrigin(file, plan_digest));
  TrainState state(parameter_count, shape.optimizer);
  ASSIGN_OR_RETURN(state.step, ReadNumber(file, "step"));
  ASSIGN_OR_RETURN(const int64_t recorded, ReadNumber(file, "scales_recorded"));
  RETURN_IF_ERROR(ReadTensor(file, "parameters", Dtype::kF32, parameter_count, &state.parameters));
  RETURN_IF_ERROR(ReadTensors(file, "", &state.optimizer));
  state.inner = shape.inner;
  RETURN_IF_ERROR(ReadTensors(file, kInner, &state.inner));
  if (!shape.owed.empty()) {
    RETURN_IF_ERROR(ReadTensor(file, kOwed, Dtype::kF32, parameter_count, &state.owed));
  }
  std::vector<uint8_t> window;
  RETURN_IF_ERROR(ReadTensor(file, "scale_window", Dtype::kU8,
                             ScaleHistory::kWindow * BlockCount(parameter_count), &window));
  state.scales.Restore(window, recorded);
  std::vector<double> table;
  RETURN_IF_ERROR(ReadTensor(file, "steps", Dtype::kF64, -1, &table));
  state.steps = StepsOf(table);
  RETURN_IF_ERROR(ReadTensor(file, "evaluations", Dtype::kF64, -1, &table));
  state.evaluations = EvaluationsOf(table);
  return state;
}

}  // namespace ropewalk
