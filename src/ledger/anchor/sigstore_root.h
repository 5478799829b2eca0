// The root of trust of Sigstore's public TUF repository, which is part of the program. From it on
// everything that the repository says is verified (ledger/anchor/tuf.h).
#pragma once

#include <string_view>

namespace cortex::ledger {

// Version 15 of root.json, byte for byte. Where it comes from, and how a newer one takes its place:
// docs/formats.md, 16.5.
std::string_view sigstore_tuf_root();

}  // namespace cortex::ledger
