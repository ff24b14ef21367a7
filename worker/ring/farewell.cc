#include "worker/ring/farewell.h"

#include "services/common/grpc_status.h"
#include "worker/ring/broken_hop.h"

namespace ropewalk {

v1::RingFarewell ToFarewell(const absl::Status& why) {
  const BrokenHop hop = BrokenHopOf(why).value_or(BrokenHop{});
  v1::RingFarewell farewell;
  *farewell.mutable_status() = ToProtoStatus(why);
  farewell.set_from_rank(hop.from_rank);
  farewell.set_to_rank(hop.to_rank);
  return farewell;
}

absl::Status FromFarewell(const v1::RingFarewell& farewell) {
  const absl::Status why = FromProtoStatus(farewell.status());
  if (why.ok() || farewell.from_rank() < 0) return why;
  return WithBrokenHop(why, {farewell.from_rank(), farewell.to_rank()});
}

}  // namespace ropewalk
