package client

// ExecuteCommand runs one cmdlet by name, as ExecuteStream runs a script, and counts its output.
// (The package itself offers scripts only, which a privileged endpoint refuses.)

import (
	"context"
	"encoding/base64"
	"fmt"
	"sync"

	"github.com/smnsjas/go-psrpcore/messages"
	"github.com/smnsjas/go-psrpcore/serialization"
)

func (c *Client) ExecuteCommand(ctx context.Context, name string, parameters map[string]any) (int, error) {
	pl, err := c.psrpPool.CreatePipelineBuilder()
	if err != nil {
		return 0, err
	}
	pl.AddCommand(name, false)
	for key, value := range parameters {
		pl.AddParameter(key, value)
	}
	data, err := pl.GetCreatePipelineDataWithID(uint64(c.callID.Next()))
	if err != nil {
		return 0, err
	}
	reader, cleanup, err := c.backend.PreparePipeline(ctx, pl, base64.StdEncoding.EncodeToString(data))
	if err != nil {
		return 0, err
	}
	defer cleanup()
	if err := pl.Invoke(ctx); err != nil {
		return 0, err
	}
	if reader != nil {
		go c.runPipelineReceive(ctx, reader, pl)
	}
	_ = pl.CloseInput(ctx)
	count, failed := 0, 0
	var wg sync.WaitGroup
	drain := func(ch <-chan *messages.Message, into *int) {
		defer wg.Done()
		for msg := range ch {
			if msg == nil {
				continue
			}
			if _, err := serialization.NewDeserializer().Deserialize(msg.Data); err != nil {
				failed++
				continue
			}
			*into++
		}
	}
	rest := make([]int, 6)
	wg.Add(7)
	go drain(pl.Output(), &count)
	go drain(pl.Error(), &rest[0])
	go drain(pl.Warning(), &rest[1])
	go drain(pl.Verbose(), &rest[2])
	go drain(pl.Debug(), &rest[3])
	go drain(pl.Progress(), &rest[4])
	go drain(pl.Information(), &rest[5])
	err = pl.Wait()
	wg.Wait()
	if err == nil && (failed > 0 || rest[0] > 0) {
		err = fmt.Errorf("%d unreadable, %d errors", failed, rest[0])
	}
	return count, err
}
