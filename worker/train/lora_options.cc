#include "worker/train/lora_options.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ropewalk/v1/job_service.pb.h"
#include "services/common/status_macros.h"
#include "worker/peft/target_modules.h"

namespace ropewalk {
namespace {

template <typename T, typename Map>
std::map<std::string, T> Sorted(const Map& map) {
  return {map.begin(), map.end()};
}

// A divided base has no more to give than its smaller side.
absl::Status CheckRanks(const std::vector<LinearPlace>& places, const LoraOptions& options) {
  for (const int64_t number : options.config.places) {
    const LinearPlace& place = places[number];
    const int64_t most = std::min(place.in_size, place.out_size);
    if (!options.init.divides_base() || options.config.RankAt(number) <= most) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("method.lora: init_lora_weights pissa and olora need a rank of at most ", most,
                     " for ", place.name, ", not ", options.config.RankAt(number)));
  }
  return absl::OkStatus();
}

// Fills in config->base and takes from config->places what it has.
absl::Status ChooseBaseWeights(const v1::Lora& lora, const ModelConfig& model, LoraConfig* config) {
  BaseWeights& base = config->base;
  if (lora.has_bias()) {
    ASSIGN_OR_RETURN(base.bias, ParseLoraBias(lora.bias()));
  }
  base.modules_to_save.assign(lora.modules_to_save().begin(), lora.modules_to_save().end());
  base.ensure_weight_tying = lora.ensure_weight_tying();
  ASSIGN_OR_RETURN(config->places,
                   WithoutSavedModules(model, config->places, base.modules_to_save));
  RETURN_IF_ERROR(SelectBaseWeights(model, config->places, &base));
  return CheckNothingMissing(model, base);
}

}  // namespace

absl::StatusOr<LoraOptions> LoraOptionsOf(const v1::Lora& lora, const ModelConfig& model) {
  if (lora.rank() < 1 || !(lora.dropout() >= 0 && lora.dropout() < 1)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "method.lora: rank ", lora.rank(), " or dropout ", lora.dropout(), " is out of range"));
  }
  const std::vector<LinearPlace> places = LinearPlaces(model);
  const std::vector<std::string> targets(lora.target_modules().begin(),
                                         lora.target_modules().end());
  const std::vector<std::string> excluded(lora.exclude_modules().begin(),
                                          lora.exclude_modules().end());
  LoraOptions options;
  LoraConfig& config = options.config;
  config = {.rank = lora.rank(), .alpha = lora.alpha(), .dropout = lora.dropout()};
  config.dora = lora.use_dora();
  if (lora.has_loraplus_lr_ratio()) config.b_learning_rate_factor = lora.loraplus_lr_ratio();
  if (lora.has_init_lora_weights()) {
    ASSIGN_OR_RETURN(options.init, ParseLoraInit(lora.init_lora_weights()));
  }
  ASSIGN_OR_RETURN(config.places, SelectPlaces(places, targets, excluded));
  RETURN_IF_ERROR(ChooseBaseWeights(lora, model, &config));
  RETURN_IF_ERROR(ApplyRankPattern(places, Sorted<int64_t>(lora.rank_pattern()), &config));
  RETURN_IF_ERROR(ApplyAlphaPattern(places, Sorted<double>(lora.alpha_pattern()), &config));
  if (lora.use_rslora()) StabilizeRanks(&config);
  RETURN_IF_ERROR(CheckRanks(places, options));
  return options;
}

}  // namespace ropewalk
