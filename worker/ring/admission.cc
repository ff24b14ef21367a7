#include "worker/ring/admission.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace ropewalk {
namespace {

absl::Status CheckNeighbour(const v1::RingOpen& open, const RingSeat& seat) {
  const bool heard = std::count(seat.hears.begin(), seat.hears.end(), open.from_rank()) > 0;
  const bool one_of_them =
      open.stripe() >= 0 && open.stripe() < seat.stripes && open.stripes() == seat.stripes;
  if (heard && one_of_them && open.to_rank() == seat.rank && open.ranks() == seat.ranks) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat("this is rank ", seat.rank, " of ", seat.ranks, " and expects rank ",
                   absl::StrJoin(seat.hears, " or "), " in ", seat.stripes, " streams, not rank ",
                   open.from_rank(), " of ", open.ranks(), " in search of rank ", open.to_rank(),
                   " in ", open.stripes(), "; all members must be given the same ring"));
}

absl::Status Past(const v1::RingOpen& open) {
  return absl::AbortedError(absl::StrCat("generation ", open.generation(), " of ", open.job(),
                                         " is past here; its members must take up a newer one"));
}

}  // namespace

absl::StatusOr<Admission> Admit(const v1::RingOpen& open, const std::optional<RingSeat>& seat,
                                const std::optional<RingSeat>& left) {
  if (left.has_value() && left->job == open.job() && open.generation() <= left->generation) {
    return Past(open);
  }
  if (!seat.has_value()) return Admission::kLater;
  if (seat->job != open.job()) {
    return absl::AbortedError(
        absl::StrCat("this worker is in ", seat->job, ", not in ", open.job()));
  }
  if (open.generation() < seat->generation) return Past(open);
  if (open.generation() > seat->generation) return Admission::kLater;
  const absl::Status neighbour = CheckNeighbour(open, *seat);
  if (!neighbour.ok()) return neighbour;
  return Admission::kNow;
}

}  // namespace ropewalk
