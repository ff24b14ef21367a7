#include "services/common/job_spec.h"

#include <google/protobuf/text_format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
#include "services/common/resource_name.h"

namespace ropewalk {
namespace {

constexpr char kDefaults[] = R"pb(
  name: "job"
  method {
    lora {
      rank: 16
      alpha: 32
      dropout: 0
      use_rslora: false
      init_lora_weights: "kaiming"
      use_dora: false
      loraplus_lr_ratio: 1
      bias: "none"
      ensure_weight_tying: false
    }
  }
  training {
    epochs: 3
    max_steps: 0
    global_batch_size: 32
    micro_batch_tokens: 2048
    max_sequence_length: 512
    learning_rate: 1e-4
    schedule: SCHEDULE_COSINE
    warmup_ratio: 0.03
    max_grad_norm: 1
    weight_decay: 0
    adam_beta1: 0.9
    adam_beta2: 0.999
    adam_epsilon: 1e-8
    seed: 0
    precision: PRECISION_FLOAT32
    eval_every_steps: 0
    checkpoint_every_steps: 50
    eval_max_new_tokens: 64
    optimizer: OPTIMIZER_ADAMW
    momentum: 0.9
    nesterov: false
    muon_scale: MUON_SCALE_ORIGINAL
    decay_ratio: 0.2
    decay_shape: DECAY_SHAPE_ONE_MINUS_SQRT
    min_learning_rate_ratio: 0
  }
  sync { reduction: REDUCTION_EXACT local_steps: 1 }
  workers { min: 1 max: 8 }
  priority: 0
  data {
    too_long: TOO_LONG_CUT
    learn: LEARN_ANSWERS
    packing: PACKING_FIRST_FIT_DECREASING
    date: "2024-07-26"
  }
)pb";

v1::JobSpec Defaults() {
  v1::JobSpec spec;
  google::protobuf::TextFormat::ParseFromString(kDefaults, &spec);
  return spec;
}

// Clears every enum field of the message that is at its *_UNSPECIFIED value.
void ClearUnspecifiedEnums(google::protobuf::Message* message) {
  const google::protobuf::Reflection* reflection = message->GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const google::protobuf::FieldDescriptor* field : fields) {
    if (field->is_repeated()) continue;
    if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) {
      ClearUnspecifiedEnums(reflection->MutableMessage(message, field));
    } else if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_ENUM &&
               reflection->GetEnumValue(*message, field) == 0) {
      reflection->ClearField(message, field);
    }
  }
}

// The defaults that depend on the optimiser.
void SetDefaultsOf(v1::Optimizer optimizer, v1::Training* training) {
  if (optimizer == v1::OPTIMIZER_LION) training->set_adam_beta2(0.99);
  if (optimizer == v1::OPTIMIZER_MUON) {
    training->set_momentum(0.95);
    training->set_nesterov(true);
  }
}

// The defaults that depend on whether steps are local.
void SetDefaultsOf(const v1::Sync& given, v1::Sync* sync) {
  if (given.local_steps() <= 1) return;
  sync->set_reduction(v1::REDUCTION_FLOAT32);
  sync->mutable_outer()->set_learning_rate(0.7);
  sync->mutable_outer()->set_momentum(0.9);
}

bool IsLabel(const std::string& text) {
  const auto allowed = [](char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
  };
  return !text.empty() && text.size() <= 40 && std::all_of(text.begin(), text.end(), allowed);
}

bool IsAdapterName(const std::string& name) {
  return ValidateRepositoryName(absl::StrCat("adapters/", name)).ok();
}

// The faults found so far.
class Faults {
 public:
  void Unless(bool good, absl::string_view field, const absl::AlphaNum& given,
              absl::string_view allowed) {
    if (good) return;
    faults_.push_back(absl::StrCat(field, ": '", given, "' was given; allowed is ", allowed));
  }
  void Missing(absl::string_view field, absl::string_view wanted) {
    faults_.push_back(absl::StrCat(field, ": is missing; give ", wanted));
  }
  void UnlessAtLeast(double least, double given, absl::string_view field) {
    Unless(std::isfinite(given) && given >= least, field, given, absl::StrCat(least, " or more"));
  }
  void UnlessAbove(double bound, double given, absl::string_view field) {
    Unless(std::isfinite(given) && given > bound, field, given,
           absl::StrCat("a number greater than ", bound));
  }
  void UnlessShare(double given, absl::string_view field) {
    Unless(given >= 0 && given < 1, field, given, "0 or more, and less than 1");
  }
  void UnlessRatio(double given, absl::string_view field) {
    Unless(given >= 0 && given <= 1, field, given, "0 to 1");
  }

  absl::Status status() const {
    if (faults_.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrJoin(faults_, "\n"));
  }

 private:
  std::vector<std::string> faults_;
};

void CheckData(const google::protobuf::RepeatedPtrField<std::string>& names,
               absl::string_view field, Faults* faults) {
  for (const std::string& name : names) {
    faults->Unless(!name.empty(), field, name, "the path of a JSONL file or the name of a dataset");
  }
}

void CheckRows(const v1::JobSpec& spec, Faults* faults) {
  const v1::Data& data = spec.data();
  for (const double weight : data.weights()) faults->UnlessAbove(0, weight, "data.weights");
  faults->Unless(data.weights().empty() || data.weights_size() == spec.train_data_size(),
                 "data.weights", absl::StrCat(data.weights_size(), " numbers"),
                 absl::StrCat("one for each entry of train_data, ", spec.train_data_size()));
  faults->Unless(!data.has_chat_template() || !data.chat_template().empty(), "data.chat_template",
                 "", "a template");
  absl::CivilDay day;
  faults->Unless(absl::ParseCivilTime(data.date(), &day), "data.date", data.date(),
                 "a day, written 2024-07-26");
  faults->Unless(v1::TooLong_IsValid(data.too_long()), "data.too_long",
                 static_cast<int>(data.too_long()), "cut or drop");
  faults->Unless(v1::Learn_IsValid(data.learn()), "data.learn", static_cast<int>(data.learn()),
                 "answers or all");
  faults->Unless(v1::Packing_IsValid(data.packing()), "data.packing",
                 static_cast<int>(data.packing()), "first_fit_decreasing, first_fit or none");
}

void CheckNames(const v1::JobSpec& spec, Faults* faults) {
  faults->Unless(IsLabel(spec.name()), "name", spec.name(), "1 to 40 characters a-z, 0-9 and '-'");
  if (spec.base_model().empty()) faults->Missing("base_model", "a model folder or \"org/name\"");
  if (spec.train_data().empty()) faults->Missing("train_data", "at least one JSONL file");
  CheckData(spec.train_data(), "train_data", faults);
  CheckData(spec.eval_data(), "eval_data", faults);
  if (!spec.has_adapter()) return faults->Missing("adapter", "\"namespace/name\" for the result");
  faults->Unless(IsAdapterName(spec.adapter()), "adapter", spec.adapter(),
                 "\"namespace/name\", each of 1 to 96 characters A-Z, a-z, 0-9, '.', '_' and '-', "
                 "beginning with a letter or digit, without \"..\"");
}

void CheckModules(const google::protobuf::RepeatedPtrField<std::string>& modules,
                  absl::string_view field, Faults* faults) {
  for (const std::string& module : modules) {
    const bool pattern = absl::StartsWith(module, "regex:");
    const bool whole = pattern || module == "all-linear";
    faults->Unless(!module.empty() && module != "regex:", field, module,
                   "the name of a linear layer, \"regex:...\" or \"all-linear\"");
    faults->Unless(!whole || modules.size() == 1, field, module,
                   "only alone, without other entries");
  }
}

bool IsModuleName(const std::string& name) {
  const auto allowed = [](char c) { return absl::ascii_isalnum(c) || c == '_' || c == '.'; };
  return !name.empty() && std::all_of(name.begin(), name.end(), allowed);
}

void CheckPatterns(const v1::Lora& lora, Faults* faults) {
  for (const auto& [key, rank] : lora.rank_pattern()) {
    faults->Unless(rank >= 1 && rank <= 1024, absl::StrCat("method.lora.rank_pattern.", key), rank,
                   "1 to 1024");
  }
  for (const auto& [key, alpha] : lora.alpha_pattern()) {
    faults->UnlessAbove(0, alpha, absl::StrCat("method.lora.alpha_pattern.", key));
  }
}

void CheckBaseWeights(const v1::Lora& lora, Faults* faults) {
  const std::string& bias = lora.bias();
  faults->Unless(bias == "none" || bias == "all" || bias == "lora_only", "method.lora.bias", bias,
                 "none, all or lora_only");
  for (const std::string& module : lora.modules_to_save()) {
    faults->Unless(IsModuleName(module), "method.lora.modules_to_save", module,
                   "the name of a module, of characters a-z, A-Z, 0-9, '_' and '.'");
  }
}

bool IsLoraInit(absl::string_view init) {
  int iterations = 0;
  if (absl::ConsumePrefix(&init, "pissa_niter_")) {
    return absl::SimpleAtoi(init, &iterations) && iterations >= 1 && iterations <= 100;
  }
  return init == "kaiming" || init == "gaussian" || init == "pissa" || init == "olora";
}

void CheckOutputs(const v1::Lora& lora, Faults* faults) {
  bool gguf = false;
  for (const int output : lora.outputs()) {
    faults->Unless(v1::Output_IsValid(output) && output != v1::OUTPUT_UNSPECIFIED,
                   "method.lora.outputs", output, "peft, merged or gguf");
    gguf |= output == v1::OUTPUT_GGUF;
  }
  if (!gguf) return;
  const bool plain = !lora.use_dora() && lora.bias() == "none" && lora.modules_to_save().empty();
  faults->Unless(plain, "method.lora.outputs", "gguf",
                 "only without use_dora, bias and modules_to_save, which llama.cpp's LoRA does not "
                 "have");
}

void CheckMethod(const v1::Method& method, Faults* faults) {
  if (!method.has_lora()) return;
  const v1::Lora& lora = method.lora();
  faults->Unless(lora.rank() >= 1 && lora.rank() <= 1024, "method.lora.rank", lora.rank(),
                 "1 to 1024");
  faults->UnlessAbove(0, lora.alpha(), "method.lora.alpha");
  faults->UnlessShare(lora.dropout(), "method.lora.dropout");
  faults->Unless(IsLoraInit(lora.init_lora_weights()), "method.lora.init_lora_weights",
                 lora.init_lora_weights(),
                 "kaiming, gaussian, pissa, pissa_niter_1 to pissa_niter_100 or olora");
  faults->UnlessAbove(0, lora.loraplus_lr_ratio(), "method.lora.loraplus_lr_ratio");
  CheckModules(lora.target_modules(), "method.lora.target_modules", faults);
  CheckModules(lora.exclude_modules(), "method.lora.exclude_modules", faults);
  CheckPatterns(lora, faults);
  CheckOutputs(lora, faults);
  CheckBaseWeights(lora, faults);
  faults->Unless(v1::BaseStorage_IsValid(lora.base_storage()), "method.lora.base_storage",
                 static_cast<int>(lora.base_storage()), "float32, bf16, float16, int8 or nf4");
  faults->Unless(!lora.has_double_quantization() || lora.base_storage() == v1::BASE_STORAGE_NF4,
                 "method.lora.double_quantization", lora.double_quantization() ? "true" : "false",
                 "only with base_storage nf4");
}

void CheckBatches(const v1::Training& training, Faults* faults) {
  faults->UnlessAbove(0, training.epochs(), "training.epochs");
  faults->UnlessAtLeast(0, training.max_steps(), "training.max_steps");
  faults->UnlessAtLeast(1, training.global_batch_size(), "training.global_batch_size");
  faults->UnlessAtLeast(2, training.max_sequence_length(), "training.max_sequence_length");
  faults->Unless(training.micro_batch_tokens() >= training.max_sequence_length(),
                 "training.micro_batch_tokens", training.micro_batch_tokens(),
                 absl::StrCat("at least training.max_sequence_length, which is ",
                              training.max_sequence_length()));
  faults->UnlessAtLeast(0, training.eval_every_steps(), "training.eval_every_steps");
  faults->UnlessAtLeast(0, training.checkpoint_every_steps(), "training.checkpoint_every_steps");
  faults->UnlessAtLeast(0, training.eval_max_new_tokens(), "training.eval_max_new_tokens");
}

void CheckOptimizer(const v1::Training& training, Faults* faults) {
  faults->UnlessAbove(0, training.learning_rate(), "training.learning_rate");
  faults->UnlessAtLeast(0, training.max_grad_norm(), "training.max_grad_norm");
  faults->UnlessAtLeast(0, training.weight_decay(), "training.weight_decay");
  faults->UnlessShare(training.adam_beta1(), "training.adam_beta1");
  faults->UnlessShare(training.adam_beta2(), "training.adam_beta2");
  faults->UnlessAbove(0, training.adam_epsilon(), "training.adam_epsilon");
  faults->UnlessShare(training.momentum(), "training.momentum");
  const bool has_momentum =
      training.optimizer() == v1::OPTIMIZER_SGD || training.optimizer() == v1::OPTIMIZER_MUON;
  faults->Unless(!training.nesterov() || (has_momentum && training.momentum() > 0),
                 "training.nesterov", "true",
                 "false, or true with the optimizer sgd or muon and a momentum greater than 0");
}

void CheckSchedule(const v1::Training& training, Faults* faults) {
  faults->UnlessRatio(training.warmup_ratio(), "training.warmup_ratio");
  faults->UnlessRatio(training.decay_ratio(), "training.decay_ratio");
  faults->UnlessRatio(training.min_learning_rate_ratio(), "training.min_learning_rate_ratio");
}

void CheckEnums(const v1::JobSpec& spec, Faults* faults) {
  const v1::Training& training = spec.training();
  faults->Unless(v1::Schedule_IsValid(training.schedule()), "training.schedule",
                 static_cast<int>(training.schedule()), "constant, linear, cosine or wsd");
  faults->Unless(v1::Optimizer_IsValid(training.optimizer()), "training.optimizer",
                 static_cast<int>(training.optimizer()), "adamw, adamw_8bit, lion, muon or sgd");
  faults->Unless(v1::MuonScale_IsValid(training.muon_scale()), "training.muon_scale",
                 static_cast<int>(training.muon_scale()), "original or match_rms_adamw");
  faults->Unless(v1::DecayShape_IsValid(training.decay_shape()), "training.decay_shape",
                 static_cast<int>(training.decay_shape()), "one_minus_sqrt or linear");
  faults->Unless(v1::Precision_IsValid(training.precision()), "training.precision",
                 static_cast<int>(training.precision()), "float32 or bf16");
  faults->Unless(v1::Reduction_IsValid(spec.sync().reduction()), "sync.reduction",
                 static_cast<int>(spec.sync().reduction()), "exact, float32, bfloat16 or int8");
}

void CheckSync(const v1::Sync& sync, Faults* faults) {
  const bool local = sync.local_steps() > 1;
  faults->UnlessAtLeast(1, sync.local_steps(), "sync.local_steps");
  faults->Unless(!local || sync.reduction() != v1::REDUCTION_EXACT, "sync.reduction", "exact",
                 "float32, bfloat16 or int8 with sync.local_steps: which worker takes which step "
                 "decides the result");
  faults->Unless(local || !sync.has_outer(), "sync.outer", "settings",
                 "only with sync.local_steps of 2 or more");
  if (!local) return;
  faults->UnlessAbove(0, sync.outer().learning_rate(), "sync.outer.learning_rate");
  faults->UnlessShare(sync.outer().momentum(), "sync.outer.momentum");
}

void CheckPlacement(const v1::JobSpec& spec, Faults* faults) {
  const v1::WorkerRange& workers = spec.workers();
  faults->UnlessAtLeast(1, workers.min(), "workers.min");
  faults->Unless(workers.max() >= workers.min(), "workers.max", workers.max(),
                 absl::StrCat("at least workers.min, which is ", workers.min()));
  faults->Unless(spec.priority() >= -100 && spec.priority() <= 100, "priority", spec.priority(),
                 "-100 to 100");
}

}  // namespace

v1::JobSpec WithDefaults(v1::JobSpec spec) {
  ClearUnspecifiedEnums(&spec);
  v1::JobSpec whole = Defaults();
  SetDefaultsOf(spec.training().optimizer(), whole.mutable_training());
  SetDefaultsOf(spec.sync(), whole.mutable_sync());
  whole.MergeFrom(spec);
  if (whole.method().has_lora() && whole.method().lora().target_modules().empty()) {
    whole.mutable_method()->mutable_lora()->add_target_modules("all-linear");
  }
  return whole;
}

absl::Status ValidateJobSpec(const v1::JobSpec& spec) {
  const v1::JobSpec whole = WithDefaults(spec);
  Faults faults;
  CheckNames(whole, &faults);
  CheckRows(whole, &faults);
  CheckMethod(whole.method(), &faults);
  CheckBatches(whole.training(), &faults);
  CheckOptimizer(whole.training(), &faults);
  CheckSchedule(whole.training(), &faults);
  CheckEnums(whole, &faults);
  CheckSync(whole.sync(), &faults);
  CheckPlacement(whole, &faults);
  return faults.status();
}

}  // namespace ropewalk
