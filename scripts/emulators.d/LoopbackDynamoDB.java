import com.almworks.sqlite4java.SQLiteConnection;
import com.almworks.sqlite4java.SQLiteException;
import com.almworks.sqlite4java.SQLiteJob;
import com.almworks.sqlite4java.SQLiteQueue;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import software.amazon.dynamodb.services.local.main.ServerRunner;
import software.amazon.dynamodb.services.local.server.DynamoDBProxyServer;

/**
 * DynamoDB Local in memory, on 127.0.0.1 only: its own command line always listens on every
 * interface. Arguments: the port (0: any free one) and the file that gets the port once it answers.
 */
public final class LoopbackDynamoDB {
    public static void main(String[] args) throws Exception {
        DynamoDBProxyServer dynamodb = ServerRunner.createServerFromCommandLineArgs(
                new String[] {"-inMemory", "-sharedDb", "-disableTelemetry"});

        indexStreams(dynamodb);

        ServerConnector connector = (ServerConnector) ((Server) get(dynamodb, "server")).getConnectors()[0];
        connector.setHost("127.0.0.1");
        connector.setPort(Integer.parseInt(args[0]));
        dynamodb.safeStart();

        Path portFile = Path.of(args[1]);
        Path draft = Path.of(args[1] + ".new");
        Files.writeString(draft, connector.getLocalPort() + "\n");
        Files.move(draft, portFile, StandardCopyOption.ATOMIC_MOVE);
        dynamodb.join();
    }

    /**
     * Every operation on a table with a stream looks for the stream's first record. Its SQL goes through the records of
     * all older streams, which stay for a day after their tables, so that each test made the next one slower.
     */
    private static void indexStreams(DynamoDBProxyServer dynamodb) throws Exception {
        Object handler = get(get(dynamodb, "serverHandler"), "primaryHandler");
        Method client = handler.getClass().getDeclaredMethod("getHandler", String.class);
        client.setAccessible(true);
        Object access = get(client.invoke(handler, "any key, as the database is shared"), "dbAccess");
        ((SQLiteQueue) get(access, "queue")).execute(new SQLiteJob<Void>() {
            @Override
            protected Void job(SQLiteConnection connection) throws SQLiteException {
                connection.exec("CREATE INDEX us_by_stream ON us (StreamID, SequenceNumber)");
                return null;
            }
        }).get();
    }

    /** The value of a field that is not public. */
    private static Object get(Object of, String name) throws ReflectiveOperationException {
        for (Class<?> type = of.getClass(); ; type = type.getSuperclass()) {
            try {
                Field field = type.getDeclaredField(name);
                field.setAccessible(true);
                return field.get(of);
            } catch (NoSuchFieldException e) {
                if (type == Object.class) {
                    throw e;
                }
            }
        }
    }
}
