/* RemoteIPProxyProtocol between its line and the addresses that it holds for. */
#ifndef ITKD_LOAD_REMOTEIP_H
#define ITKD_LOAD_REMOTEIP_H

#include "load/load.h"

struct load_proxied {
	struct host_addr addr; /* as host_addr_normal() has it; port 0: any */
	bool on;
	struct load_server *server;
	const struct conf_node *node;
};

#endif
