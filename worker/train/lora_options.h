#pragma once

#include "absl/status/statusor.h"
#include "worker/model/config.h"
#include "worker/peft/lora_config.h"
#include "worker/peft/lora_init.h"

namespace ropewalk {

namespace v1 {
class Lora;
}

// What a job's method asks for on one model.
struct LoraOptions {
  LoraConfig config;
  LoraInit init;
};

// INVALID_ARGUMENT: a setting is wrong or fits no layer of the model; the message names it.
absl::StatusOr<LoraOptions> LoraOptionsOf(const v1::Lora& lora, const ModelConfig& model);

}  // namespace ropewalk
