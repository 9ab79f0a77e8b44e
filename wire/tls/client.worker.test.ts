import { clientSuite } from "../../test/tls/client-suite.ts";

clientSuite();
