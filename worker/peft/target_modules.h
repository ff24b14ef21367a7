#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/model/weight_specs.h"

namespace ropewalk {

// Chooses linear layers as PEFT's `target_modules` does. Each target is a module path or a part of
// one after a dot ("q_proj"); or the only target is "regex:...", which a whole path must match, or
// "all-linear", every linear layer but the output embedding. `excluded`, written alike, may be
// empty and takes layers away. Returns the numbers of the places chosen, ascending.
//
// INVALID_ARGUMENT: no targets, a target without a match, a pattern that is not one, or nothing is
// left.
absl::StatusOr<std::vector<int64_t>> SelectPlaces(const std::vector<LinearPlace>& places,
                                                  const std::vector<std::string>& targets,
                                                  const std::vector<std::string>& excluded = {});

// The shortest list of targets that chooses exactly the places `selected`: a last name if all
// layers of that name are, whole paths otherwise. Sorted. What every reader of PEFT's format
// understands.
std::vector<std::string> TargetsOf(const std::vector<LinearPlace>& places,
                                   const std::vector<int64_t>& selected);

}  // namespace ropewalk
